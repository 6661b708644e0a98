import Tend

/// Notes what is at work, where the death of the process leaves it, so that the next one knows
/// during whose reconcile it died.
///
/// Called for every reconcile that is more than a look: it must cost next to nothing, and never
/// wait.
public protocol WorkMarks: Sendable {
  /// A worker turns to a resource.
  func begin(_ key: InventoryKey, worker: Int)

  /// The worker is done with it, and lives.
  func end(worker: Int)

  /// How often the process died during its reconcile, one time after the other; 0 for nearly all.
  ///
  /// `declared` is what tells its declaration from another one: another one begins anew.
  func deaths(during key: InventoryKey, declared: String) -> Int

  /// Whether anything is held against any resource.
  var hasDeaths: Bool { get }

  /// It did no harm, or somebody wants to see: begins anew.
  func pardon(_ key: InventoryKey)
}
