internal import Subprocess
internal import SystemPackage
internal import TendEngine

/// Runs `git`: never through a shell, never with a terminal, and never without a deadline.
struct GitCommand: Sendable {
  var executable = Executable.name("git")
  var environment = GitEnvironment()
  var ssh = GitSSH()
  /// How long it may be silent.
  var progressDeadline: Duration
  var clock: any Clock<Duration>

  /// Where a run stands and what it may use.
  struct Surroundings: Sendable {
    /// The repository; nil for commands that need none.
    var repository: FilePath?
    /// The other side of a connection; nil for what is done on this machine alone.
    var remote: RepositoryAddress?
    /// What the process holds open as its standard input, such as a lock that outlives us with it.
    var holding: FileDescriptor?
    /// How long it may take in all; nil for what ends by itself.
    var deadline: Duration?
    /// How many bytes the repository may come to take on the disk meanwhile.
    var bytes: Int?
  }

  /// Runs to the end and gives what was printed.
  ///
  /// `limit` bounds that, in bytes; past it the process is stopped.
  func run(
    _ arguments: [String], in surroundings: Surroundings, limit: Int = 1 << 16
  ) async throws(GitFailure) -> [UInt8] {
    try await attempt(surroundings) {
      if let held = surroundings.holding {
        try await collect(
          arguments, surroundings, limit,
          input: .fileDescriptor(held, closeAfterSpawningProcess: false))
      } else {
        try await collect(arguments, surroundings, limit, input: .none)
      }
    }
  }

  /// Runs it for as long as a conversation with it lasts.
  ///
  /// The conversation ends by returning; the process sees the end of its input and must exit with
  /// zero.
  func converse<Answer: Sendable>(
    _ arguments: [String], in surroundings: Surroundings,
    _ body: @escaping @Sendable (inout Conversation) async throws -> Answer
  ) async throws(GitFailure) -> Answer {
    try await attempt(surroundings) {
      let line = try SocketPair()
      defer { line.close() }
      return try await watched(
        arguments, surroundings,
        input: .fileDescriptor(line.theirs, closeAfterSpawningProcess: false)
      ) { output, watch in
        line.closeTheirs()
        defer { line.close() }
        var conversation = Conversation(
          line: line, output: output.makeAsyncIterator(), watch: watch, clock: clock)
        return try await body(&conversation)
      }
    }
  }

  private func collect(
    _ arguments: [String], _ surroundings: Surroundings, _ limit: Int,
    input: some InputProtocol
  ) async throws -> [UInt8] {
    try await watched(arguments, surroundings, input: input) { output, watch in
      var bytes: [UInt8] = []
      for try await piece in output {
        watch.note()
        piece.withUnsafeBytes { bytes.append(contentsOf: $0) }
        guard bytes.count <= limit else { throw GitFailure.flood(limit) }
      }
      return bytes
    }
  }

  private enum Part<Answer: Sendable>: Sendable {
    case answer(Answer)
    case said(String)
    case stopped(GitFailure)
  }

  /// Runs with tasks beside it: one that reads the output, one that keeps the end of what it says
  /// on standard error, and those that look for silence, for the end of its time, and for its size.
  private func watched<Answer: Sendable>(
    _ arguments: [String], _ surroundings: Surroundings, input: some InputProtocol,
    _ body: @escaping @Sendable (SubprocessOutputSequence, ProgressWatch) async throws -> Answer
  ) async throws -> Answer {
    let watch = ProgressWatch(deadline: progressDeadline, clock: clock)
    let result = try await Subprocess.run(
      configuration(arguments, surroundings), input: input, output: .sequence, error: .sequence
    ) { execution in
      try await withThrowingTaskGroup(of: Part<Answer>.self) { group in
        group.addTask { .answer(try await body(execution.standardOutput, watch)) }
        group.addTask { .said(await LastWords.read(execution.standardError, watch)) }
        group.addTask {
          try await watch.silence()
          return .stopped(.silent(progressDeadline))
        }
        group.addTask { .stopped(try await bounds(surroundings)) }
        return try await parts(&group)
      }
    }
    let said = Printable.line(
      RepositoryAddress.masked(
        surroundings.remote?.redact(result.closureResult.said) ?? result.closureResult.said),
      limit: 600)
    switch (result.terminationStatus, result.closureResult.answer) {
    case (.exited(0), .success(let answer)): return answer
    case (.exited(0), .failure(let failure)): throw failure
    case (.exited(let status), _): throw GitFailure.exited(status, said)
    case (.signaled(let signal), _): throw GitFailure.exited(128 + signal, said)
    }
  }

  /// Returns once a bound is passed; throws only when cancelled.
  private func bounds(_ surroundings: Surroundings) async throws -> GitFailure {
    let pause = Duration.milliseconds(500)
    let files = surroundings.repository.map { MirrorFiles(home: $0.removingLastComponent()) }
    var passed = Duration.zero
    while true {
      let rest = surroundings.deadline.map { $0 - passed } ?? .seconds(3600)
      if surroundings.deadline != nil, rest <= .zero { return .late(passed) }
      let isMeasured = surroundings.bytes != nil && files != nil
      try await clock.sleep(for: isMeasured ? min(pause, rest) : rest)
      passed += isMeasured ? min(pause, rest) : rest
      guard let files, let bound = surroundings.bytes else { continue }
      if await BlockingThread.run({ files.bytes() }) > bound { return .bulky(bound) }
    }
  }

  private func parts<Answer>(
    _ group: inout ThrowingTaskGroup<Part<Answer>, any Error>
  ) async throws -> (answer: Result<Answer, any Error>, said: String) {
    var answer: Result<Answer, any Error>?
    var said: String?
    while answer == nil || said == nil {
      switch await group.nextResult() {
      case .success(.answer(let value)): answer = .success(value)
      case .success(.said(let text)): said = text
      case .success(.stopped(let failure)): throw failure
      case .failure(let error as GitFailure) where error.awaitsLastWords: answer = .failure(error)
      case .failure(let error): throw error
      case nil: throw GitFailure.broken("its tasks ended early")
      }
    }
    group.cancelAll()
    guard let answer, let said else { throw GitFailure.cancelled }
    return (answer, said)
  }

  private func configuration(
    _ arguments: [String], _ surroundings: Surroundings
  ) -> Subprocess.Configuration {
    var options = PlatformOptions()
    // A session of its own: no terminal to ask on, and one group to end.
    options.createSession = true
    options.teardownSequence = [
      .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
    ]
    let place = surroundings.repository.map { ["--git-dir=\($0)"] } ?? []
    return Subprocess.Configuration(
      executable: executable, arguments: Arguments(place + GitEnvironment.settings + arguments),
      environment: surroundings.remote.map { environment.remote($0, ssh) } ?? environment.local,
      workingDirectory: "/", platformOptions: options)
  }

  private func attempt<Answer>(
    _ surroundings: Surroundings, _ body: () async throws -> Answer
  ) async throws(GitFailure) -> Answer {
    do {
      return try await body()
    } catch let failure as GitFailure {
      throw Task.isCancelled ? .cancelled : failure
    } catch let error as SourceError {
      throw .cause(error)
    } catch let error as SubprocessError where !Task.isCancelled {
      throw error.code == .executableNotFound || error.code == .spawnFailed
        ? .notStarted("\(error)") : .broken("\(error)")
    } catch {
      throw Task.isCancelled || error is CancellationError ? .cancelled : .broken("\(error)")
    }
  }
}

extension GitFailure {
  /// Whether what the process said while it ended tells more than the failure.
  fileprivate var awaitsLastWords: Bool {
    if case .broken = self { true } else { false }
  }
}

/// The end of what a process says on standard error.
enum LastWords {
  /// Reads to the end and keeps the last 4 KiB.
  static func read(_ output: SubprocessOutputSequence, _ watch: ProgressWatch) async -> String {
    var bytes: [UInt8] = []
    do {
      for try await piece in output {
        watch.note()
        piece.withUnsafeBytes { bytes.append(contentsOf: $0) }
        if bytes.count > 1 << 16 { bytes.removeFirst(bytes.count - 1 << 12) }
      }
    } catch {
      // What was read so far is what there is.
    }
    return text(bytes.suffix(1 << 12))
  }

  /// Without progress, which is overwritten by carriage returns, without empty lines and frames.
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    let lines = String(decoding: Array(bytes), as: UTF8.self)
      .split(whereSeparator: { $0 == "\n" || $0 == "\r" || $0 == "\r\n" })
      .filter { !$0.hasSuffix("%)") && !$0.contains("% (") && !$0.hasPrefix("@@@") }
    return lines.joined(separator: " | ")
  }
}
