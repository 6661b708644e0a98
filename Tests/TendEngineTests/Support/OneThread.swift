import Testing

@testable import TendEngine

/// Runs each test of a suite on one thread of its own, job after job.
///
/// So a yield gives everybody else a turn before the clock moves on, however busy the machine is.
struct OneThread: SuiteTrait, TestTrait, TestScoping {
  let isRecursive = true

  @concurrent
  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @Sendable @concurrent () async throws -> Void
  ) async throws {
    let thread = BlockingThreads(count: 1, name: test.name)
    try await withTaskExecutorPreference(thread) { try await function() }
  }
}

extension Trait where Self == OneThread {
  /// One thread for each test.
  static var oneThread: Self { Self() }
}
