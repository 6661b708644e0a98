public import Testing

/// Waits until something is so; the test fails and ends where it never is.
public func eventually(
  _ what: String, within limit: Duration = .seconds(120),
  sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () async throws -> Bool
) async throws {
  let clock = ContinuousClock()
  let deadline = clock.now + limit
  while try await !condition() {
    guard clock.now < deadline else {
      Issue.record("never came true: \(what)", sourceLocation: sourceLocation)
      throw CancellationError()
    }
    try await clock.sleep(for: .milliseconds(50))
  }
}
