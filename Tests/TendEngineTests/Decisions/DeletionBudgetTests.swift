import Testing

@testable import TendEngine

@Suite("The deletion budget")
struct DeletionBudgetTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var inventory: Int
    /// How many may go at most.
    var largest: Int
    var why: String
    var testDescription: String { "\(largest) of \(inventory): \(why)" }
  }

  static let rows: [Row] = [
    Row(inventory: 1, largest: 1, why: "an inventory of one may be emptied"),
    Row(inventory: 2, largest: 1, why: "all of an inventory larger than one may not go"),
    Row(inventory: 5, largest: 4, why: "five would pass, were they not all"),
    Row(inventory: 10, largest: 5, why: "five always pass"),
    Row(inventory: 40, largest: 5, why: "a tenth is less than five"),
    Row(inventory: 1000, largest: 100, why: "a tenth"),
  ]

  private func budget(_ inventory: Int) -> DeletionBudget {
    DeletionBudget(inventory: inventory, recent: 0, inventoryBefore: inventory, allowsEmpty: false)
  }

  @Test("lets as many pass as it should, and not one more", arguments: rows)
  func largest(row: Row) {
    let budget = budget(row.inventory)
    for count in 0...row.largest { #expect(budget.refusal(deleting: count) == nil) }
    for count in (row.largest + 1)...(row.inventory + 1) where row.inventory > 1 {
      #expect(budget.refusal(deleting: count)?.reason == "DeletionBudget", "\(count)")
    }
  }

  @Test("T05: what is purged counts too, but is never all of an inventory")
  func purging() {
    #expect(budget(1).refusal(deleting: 0, purging: 5) == nil)
    #expect(budget(2).refusal(deleting: 1, purging: 4) == nil)
    let refusal = budget(40).refusal(deleting: 2, purging: 4)
    #expect(
      refusal?.message
        == "would delete 2 of 40 resources and purge 4 others, and the budget is 5")
  }

  @Test("emptying passes only where it is allowed")
  func empty() {
    var budget = budget(40)
    budget.allowsEmpty = true
    #expect(budget.refusal(deleting: 40) == nil)
    #expect(budget.refusal(deleting: 39) != nil, "nearly all is not all: that is a mistake")
  }

  @Test("T05: an emptied source is refused though most of what it declared is gone already")
  func gone() {
    var budget = budget(16)
    budget.withdrawn = 16
    #expect(budget.refusal(deleting: 3)?.reason == "DeletionBudget")
    #expect(budget.refusal(deleting: 0) == nil, "nothing is lost")
    budget.withdrawn = 15
    #expect(budget.refusal(deleting: 3) == nil)
    budget.withdrawn = 16
    budget.allowsEmpty = true
    #expect(budget.refusal(deleting: 3) == nil)
  }

  @Test("a number that was allowed passes, and one more does not")
  func allowed() {
    var budget = budget(40)
    budget.allowed = 12
    #expect(budget.refusal(deleting: 12) == nil)
    #expect(budget.refusal(deleting: 13) != nil)
    budget.allowed = 40
    #expect(budget.refusal(deleting: 40) == nil)
  }

  @Test("a quarter a day is the most, however it is spread")
  func daily() {
    var budget = DeletionBudget(
      inventory: 800, recent: 200, inventoryBefore: 1000, allowsEmpty: false)
    #expect(budget.refusal(deleting: 50) == nil)
    #expect(budget.refusal(deleting: 51) != nil)
    budget.recent = 250
    #expect(budget.refusal(deleting: 1) != nil)
    budget.recent = 0
    #expect(budget.refusal(deleting: 80) == nil, "yesterday does not count")
  }

  @Test("five a day always pass")
  func few() {
    let budget = DeletionBudget(inventory: 8, recent: 2, inventoryBefore: 10, allowsEmpty: false)
    #expect(budget.refusal(deleting: 3) == nil)
    #expect(budget.refusal(deleting: 4) != nil)
  }
}
