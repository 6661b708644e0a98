internal import Foundation

/// One call of a run that changes something, sends or receives; `failpoint` lets it fail.
public struct FailPoint: Sendable, CustomStringConvertible {
  /// In which way a call fails.
  public enum Fault: String, Sendable, CaseIterable {
    /// SIGKILL, just before the call is made.
    case kill
    /// Half of what was to be written is.
    case short
    /// The disk fails.
    case inputOutput = "EIO"
    /// The disk is full.
    case noSpace = "ENOSPC"
    /// A signal came.
    case interrupted = "EINTR"
  }

  /// Which call of the run it is, from 1, over all threads and children.
  public let number: Int
  /// The call and what it is about, as in `pwrite64 /var/lib/tend/tend.db`.
  public let description: String

  /// Whether a process may be traced here, which some containers forbid.
  public static let isPermitted: Bool = {
    let probe = Process()
    probe.executableURL = URL(filePath: program)
    probe.arguments = ["/dev/null", "kill", "0", "/bin/true"]
    probe.standardError = FileHandle.nullDevice
    guard (try? probe.run()) != nil else { return false }
    probe.waitUntilExit()
    return probe.terminationStatus == 0
  }()

  /// Built beside the executable of the tests.
  fileprivate static let program =
    Tend.path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/failpoint"
}

extension Tend {
  /// What became of a run whose calls were counted.
  public struct Trace: Sendable {
    /// How it ended.
    public var output: Output
    /// How many calls it made that can fail so.
    public var count: Int
    /// The call that failed; nil where the run did not come so far.
    public var failed: FailPoint?
  }

  /// Runs it to its end with one call failing; for number 0 none does.
  public func run(
    _ arguments: [String], failing fault: FailPoint.Fault, at number: Int = 0
  ) async throws -> Trace {
    let log = folder.path("fail-points")
    let output = try await run(
      [log, fault.rawValue, "\(number)", Tend.path] + arguments, program: FailPoint.program)
    let lines = try folder.text("fail-points").split(separator: "\n")
    let failed = lines.first { $0.hasPrefix("failed ") }.map {
      FailPoint(
        number: number, description: $0.split(separator: " ").dropFirst(2).joined(separator: " "))
    }
    return Trace(output: output, count: lines.count, failed: failed)
  }
}
