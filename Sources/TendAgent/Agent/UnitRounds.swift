import Tend
import TendEngine

/// Brings each unit to its end once, in several rounds where units wait for what others have.
struct UnitRounds: Sendable {
  private let engine: Engine
  private let progress: @Sendable (ProgressDocument) -> Void
  private let report: @Sendable (_ unit: String, Result<ReportDocument, Failure>) -> Void

  /// Reports each unit once: as it has ended, or at the end why it could not be begun.
  init(
    _ engine: Engine, progress: @escaping @Sendable (ProgressDocument) -> Void,
    report: @escaping @Sendable (_ unit: String, Result<ReportDocument, Failure>) -> Void
  ) {
    self.engine = engine
    self.progress = progress
    self.report = report
  }

  /// Throws where it is cancelled.
  func converge(_ names: [String]) async throws {
    var open = names
    // Each round but the last lets one more unit of a ring go on.
    for round in 0...names.count where !open.isEmpty {
      let failed = try await once(open)
      let waits = failed.contains { Self.waits($0.failure) } && round < names.count
      if waits {
        open = failed.map(\.name)
      } else {
        for (name, failure) in failed { report(name, .failure(failure)) }
        return
      }
    }
  }

  /// Those that could not be begun, and why.
  private func once(_ names: [String]) async throws -> [(name: String, failure: Failure)] {
    var failed: [(name: String, failure: Failure)] = []
    for name in names {
      do {
        let ended = try await engine.converge(unit: name) { progress(ProgressDocument($0)) }
        report(name, .success(ReportDocument(ended)))
      } catch {
        try Task.checkCancellation()
        failed.append((name, Failure(error)))
      }
    }
    return failed
  }

  /// Whether another unit may have let go of what was in the way.
  private static func waits(_ failure: Failure) -> Bool {
    failure.diagnostics.contains { $0.code == Diagnostic.Code.duplicateIdentity.description }
  }
}
