import Testing

@testable import TendEngine

@Suite("Slots and neighbours")
struct SlotIndexTests {
  @Test("an identity is found by its slot until it is removed, also among many")
  func life() {
    var index = SlotIndex<String>()
    for slot in 0..<UInt32(1000) { index.insert("r\(slot)", slot) }
    for slot in stride(from: UInt32(0), to: 1000, by: 3) { index.remove("r\(slot)") }
    for slot in 0..<UInt32(1000) {
      #expect(index.slot(of: "r\(slot)") == (slot.isMultiple(of: 3) ? nil : slot))
    }
    #expect(index.used.count == 666)
    // A slot that became free is given to another.
    index.insert("other", 0)
    #expect(index.slot(of: "other") == 0)
    #expect(index.slot(of: "r0") == nil)
    #expect(index.used.first == 0)
    index.remove("nobody")
    #expect(index.used.count == 667)
  }

  @Test("neighbours are a list, however many there are", arguments: 0...4)
  func neighbours(_ count: Int) {
    let nodes = (0..<count).map { Node(controller: 1, slot: UInt32($0)) }
    var neighbours = Neighbours(nodes)
    #expect(Array(neighbours) == nodes)
    #expect(neighbours == Neighbours(nodes))
    let last = Node(controller: 2, slot: 7)
    #expect(Array(Neighbours(nodes + [last]).filter { $0 != last }) == nodes)
    neighbours.remove(Node(controller: 1, slot: 0))
    #expect(Array(neighbours) == Array(nodes.dropFirst()))
  }
}
