private import Synchronization

/// The directories in which something was changed that could not be made durable.
///
/// What was changed there reads back as it is declared, so nobody would change it again: whoever
/// looks at an entry of such a directory makes up for it first.
final class OwedSyncs: Sendable {
  /// How often it has failed since it was durable last.
  private let failures = Mutex<[WatchTable.Identity: Int]>([:])
  /// Of how many directories: mostly none, which is known without the lock.
  private let count = Atomic(0)

  /// Runs the step that makes a directory durable, and remembers where it fails.
  func run(
    _ directory: WatchTable.Identity, _ step: () throws(SystemError) -> Void
  ) throws(SystemError) {
    let before = failures(of: directory)
    do {
      try step()
    } catch {
      change { $0[directory, default: 0] += 1 }
      throw error
    }
    guard before > 0 else { return }
    // What has failed meanwhile may be younger than this step.
    change { if $0[directory] == before { $0[directory] = nil } }
  }

  /// Runs the step if it has failed before and was not made up for.
  func makeUp(
    for directory: WatchTable.Identity, _ step: () throws(SystemError) -> Void
  ) throws(SystemError) {
    if failures(of: directory) > 0 { try run(directory, step) }
  }

  private func failures(of directory: WatchTable.Identity) -> Int {
    if count.load(ordering: .acquiring) == 0 { return 0 }
    return failures.withLock { $0[directory] ?? 0 }
  }

  private func change(_ body: (inout [WatchTable.Identity: Int]) -> Void) {
    failures.withLock { failures in
      body(&failures)
      count.store(failures.count, ordering: .releasing)
    }
  }
}
