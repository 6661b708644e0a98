internal import Glibc
internal import Subprocess
private import Synchronization
internal import SystemPackage
internal import Tend
internal import TendEngine

/// Runs a small program to its end: never through a shell, with a deadline and bounded output.
struct Program: Sendable {
  private let clock: any Clock<Duration>
  private let environment: Environment

  /// How long one signature may take; asking a slow disk included.
  private static let deadline = Duration.seconds(30)

  init(_ configuration: GitConfiguration) {
    clock = configuration.clock
    environment = configuration.environment.local
  }

  /// What a program answered.
  struct Answer: Sendable {
    /// 128 and the number of the signal where one ended it.
    let status: Int32
    let lines: [String]
  }

  /// Runs it with an input; fails where it can't be started, floods, or takes too long.
  func run(
    _ name: String, _ arguments: [String], input: [UInt8] = []
  ) async throws(SourceError) -> Answer {
    do {
      let first = try await withThrowingTaskGroup(of: Answer?.self) { group in
        group.addTask { try await answer(name, arguments, input) }
        group.addTask {
          try await clock.sleep(for: Self.deadline)
          return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
      }
      if let first { return first }
      throw SourceError(.host, "\(name) took more than \(Self.deadline.brief) for one signature")
    } catch let error as SourceError {
      throw error
    } catch {
      if Task.isCancelled { throw SourceError(.cancelled, "cancelled") }
      throw SourceError(.host, "\(name) could not be run: \(error)", remedy: "install \(name)")
    }
  }

  private func answer(
    _ name: String, _ arguments: [String], _ input: [UInt8]
  ) async throws -> Answer {
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [
      .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
    ]
    let result = try await Subprocess.run(
      .name(name), arguments: Arguments(arguments), environment: environment,
      workingDirectory: "/", platformOptions: options, input: .array(input),
      output: .bytes(limit: 1 << 16), error: .discarded)
    let status: Int32 =
      switch result.terminationStatus {
      case .exited(let status): status
      case .signaled(let signal): 128 + signal
      }
    let text = String(decoding: result.standardOutput, as: UTF8.self)
    return Answer(status: status, lines: text.split(separator: "\n").map(String.init))
  }

  /// Whether this process, and so a program that it starts, may read a file or a directory.
  static func canRead(_ path: String) -> Bool { access(path, R_OK) == 0 }
}

/// Bytes as a file that has a name for programs that this process starts, and for nobody else.
///
/// It is unlinked at once: nothing is left behind, however this process ends.
final class NamelessFile: Sendable {
  private static let count = Atomic(0)
  private let descriptor: FileDescriptor

  /// Its name, for processes of the same user, while this value lives.
  var path: String { "/proc/\(getpid())/fd/\(descriptor.rawValue)" }

  init(_ bytes: [UInt8], in folder: FilePath) throws(SourceError) {
    do {
      let number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
      let path = folder.appending("signature.\(getpid()).\(number)")
      unlink(path.string)
      descriptor = try FileDescriptor.open(
        path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
        permissions: .ownerReadWrite)
      unlink(path.string)
    } catch {
      throw Self.failed(error)
    }
    do {
      try descriptor.writeAll(bytes)
    } catch {
      try? descriptor.close()
      throw Self.failed(error)
    }
  }

  deinit { try? descriptor.close() }

  private static func failed(_ error: any Error) -> SourceError {
    SourceError(
      .host, "a signature could not be written down: \(error)",
      remedy: "make room in the agent's state directory")
  }
}
