import Tend

/// Decides whether a revision deletes too much.
///
/// Pure.
///
/// Refused: more than max(5, 10 %) of the unit's inventory; all of an inventory larger than one,
/// also where a part of it is gone already or can't be seen; more than max(5, 25 %) of the
/// inventory as it stood 24 hours ago, together with what was deleted since. Counted are deletes,
/// replacements that lose data, and what is purged; orphans, moves and protected resources are not.
struct DeletionBudget: Sendable, Hashable {
  /// How many the unit owns now.
  var inventory: Int
  /// What was deleted within the last 24 hours.
  var recent: Int
  /// How many the unit owned when the first of these was deleted.
  var inventoryBefore: Int
  /// Whether the unit may be emptied.
  var allowsEmpty: Bool
  /// How many deletions pass whatever the rest says.
  var allowed: Int?
  /// How many are no longer declared, whatever becomes of them.
  var withdrawn = 0

  /// The refusal, or nil where the deletions pass.
  ///
  /// What is purged belongs to nobody: it never makes up the whole of an inventory.
  func refusal(deleting deletions: Int, purging purges: Int = 0) -> PlanRefusal? {
    let count = deletions + purges
    guard count > 0 else { return nil }
    if let allowed, count <= allowed { return nil }
    if deletions >= inventory, inventory > 1 {
      return allowsEmpty ? nil : refuse("would delete all \(inventory) resources of the unit")
    }
    if deletions > 0, withdrawn >= inventory, inventory > 1, !allowsEmpty {
      return refuse("would leave none of \(inventory) resources, and delete \(deletions) of them")
    }
    let share = max(5, inventory / 10)
    if count > share {
      let purged = purges > 0 ? " and purge \(purges) others" : ""
      return refuse(
        "would delete \(deletions) of \(inventory) resources\(purged), and the budget is \(share)")
    }
    let daily = max(5, inventoryBefore / 4)
    if recent > 0, count + recent > daily {
      return refuse(
        "would delete \(count) resources after \(recent) within 24 hours, and the budget for a day "
          + "is \(daily) of \(inventoryBefore)")
    }
    return nil
  }

  private func refuse(_ message: String) -> PlanRefusal {
    PlanRefusal(reason: "DeletionBudget", message: message)
  }
}
