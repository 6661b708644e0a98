import Tend

extension Controller {
  /// How long a backup may take to be brought back: it may have a gigabyte.
  private static var restoreTimeout: Duration { .seconds(600) }

  func canRestore(_ identity: String) -> Bool {
    restoring != nil && Desired.ID(identity)?.description == identity
  }

  func restore(_ backup: Backup, to identity: String) async throws(ProviderError) {
    guard let restoring, let id = Desired.ID(identity) else {
      throw .permanent("\(name) can't bring back \(identity)")
    }
    let deadline = core.time.monotonic() + Self.restoreTimeout
    let context = Context(CallSite(core), deadline: deadline)
    let threads: BlockingThreads? =
      provider.execution.place == .threads ? BlockingThreads(count: 1, name: name) : nil
    try await withTaskExecutorPreference(threads) { () async throws(ProviderError) in
      try await restoring.restore(backup, to: id, context)
    }
  }
}
