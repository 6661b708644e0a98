import Tend

/// What people ask of one resource, beside the reconciles.
extension Controller {
  func reside(below residence: Residence) {
    residing?.reside(
      in: Residence(
        directory: "\(residence.directory)/\(name)", isAgent: residence.isAgent))
  }

  func hostName(of slot: UInt32) -> String? {
    hostWide.map { $0.hostName(of: rows[slot].id) }
  }

  var whyPolled: String? { polled.withLock { $0 } }

  var needsAgent: Bool { residing?.needsAgent ?? false }

  func details(of identity: String) -> [Detail] {
    guard let describing, let id = Desired.ID(identity) else { return [] }
    return describing.details(of: id)
  }

  func logs(of identity: String) -> [LogFolder]? {
    guard let logKeeping, let id = Desired.ID(identity) else { return nil }
    return logKeeping.logs(of: id)
  }

  func restart(_ identity: String) async throws(ProviderError) -> Bool {
    guard let restarting, let id = Desired.ID(identity) else { return false }
    return try await calling { context throws(ProviderError) in
      try await restarting.restart(id, context)
      return true
    }
  }

  func vacate(_ identity: String) async throws(ProviderError) -> Bool {
    guard let residing, let id = Desired.ID(identity) else { return false }
    return try await calling { context throws(ProviderError) in
      try await residing.vacate(id, context)
    }
  }

  /// A call beside the workers, on a thread of its own where the provider's calls block.
  private func calling(
    _ body: @Sendable (Context) async throws(ProviderError) -> Bool
  ) async throws(ProviderError) -> Bool {
    let deadline = core.time.monotonic() + Self.usualTimeout
    let context = Context(CallSite(core), deadline: deadline)
    guard provider.execution.place == .threads else { return try await body(context) }
    let thread = BlockingThreads(count: 1, name: name)
    let result = await withTaskExecutorPreference(thread) {
      () -> Swift.Result<Bool, ProviderError> in
      do throws(ProviderError) {
        return .success(try await body(context))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}
