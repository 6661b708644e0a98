import UnixSignals

/// Runs a body that the first SIGTERM or SIGINT cancels, so that it ends at its next safe point.
///
/// A body that is not cancelled ends as it does without. `interrupted` is called at the signal.
func interruptible<Answer: Sendable>(
  interrupted: @escaping @Sendable () -> Void,
  _ body: @escaping @Sendable () async throws -> Answer
) async throws -> Answer {
  let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
  return try await withThrowingTaskGroup(of: Answer?.self) { group in
    group.addTask { try await body() }
    group.addTask {
      for await _ in signals { return nil }
      return nil
    }
    defer { group.cancelAll() }
    while let ended = try await group.next() {
      if let answer = ended { return answer }
      interrupted()
      group.cancelAll()
    }
    throw CancellationError()
  }
}
