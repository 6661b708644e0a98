import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The built `tend`, run as a process in a folder of its own.
struct Command {
  /// How a run ended.
  struct Output {
    let status: Int32
    let out: String
    let errors: String
  }

  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder("command") }

  /// Beside the test executable.
  static let path: String = {
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &bytes, bytes.count)
    let own = String(
      decoding: bytes.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/tend"
  }()

  /// A directory that no other test knows.
  var state: String { folder.path("state") }

  /// The file that manifests in tests declare things below.
  var world: String { folder.path("world") }

  private var environment: Environment {
    .inherit.updating([
      "XDG_STATE_HOME": folder.path, "NO_COLOR": nil, "SUDO_USER": nil,
      "GIT_CONFIG_GLOBAL": "/dev/null",
    ])
  }

  /// Runs it to its end.
  func callAsFunction(
    _ arguments: String..., input: String = "", environment: [Environment.Key: String?] = [:]
  ) async throws -> Output {
    try await run(Self.path, arguments, input: input, environment: environment)
  }

  /// Runs a line of a shell, in which `$tend` is the command.
  func shell(_ line: String) async throws -> Output {
    try await run("/bin/bash", ["-c", line], environment: ["tend": Self.path])
  }

  private func run(
    _ program: String, _ arguments: [String], input: String = "",
    environment: [Environment.Key: String?] = [:]
  ) async throws -> Output {
    let result = try await Subprocess.run(
      .path(FilePath(program)), arguments: Arguments(arguments),
      environment: self.environment.updating(environment),
      workingDirectory: FilePath(folder.path), input: .string(input),
      output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
    return Output(
      status: Self.status(result.terminationStatus), out: masked(result.standardOutput),
      errors: masked(result.standardError))
  }

  /// Runs an agent while a body looks at what it does; then ends it by SIGTERM.
  func agent(
    _ arguments: String..., body: @Sendable (Int32) async throws -> Void
  ) async throws -> Output {
    let result = try await Subprocess.run(
      .path(FilePath(Self.path)),
      arguments: Arguments(["agent", "--interval", "200ms"] + arguments),
      environment: environment, workingDirectory: FilePath(folder.path), input: .none,
      output: .string(limit: 1 << 20), error: .string(limit: 16 << 20)
    ) { execution in
      let pid = execution.processIdentifier.value
      defer { try? execution.send(signal: .terminate) }
      try await body(pid)
    }
    return Output(
      status: Self.status(result.terminationStatus), out: masked(result.standardOutput),
      errors: masked(result.standardError))
  }

  private static func status(_ status: TerminationStatus) -> Int32 {
    switch status {
    case .exited(let code): Int32(code)
    case .signaled(let signal): -Int32(signal)
    }
  }

  /// What differs from run to run is masked: the folder, times, durations, ids.
  private func masked(_ text: String) -> String {
    text.replacing(folder.path, with: "DIR")
      .replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/, with: "TIME")
      .replacing(/in (\d+\.?\d*m?s|<1ms)/, with: "in DURATION")
      .replacing(/\b[0-9a-f]{10}\b/, with: "REVISION")
  }
}

/// Waits until something is so; a test fails where it never is.
func eventually(
  _ what: String, within limit: Duration = .seconds(20),
  _ condition: () async throws -> Bool
) async throws {
  let clock = ContinuousClock()
  let deadline = clock.now + limit
  while try await !condition() {
    guard clock.now < deadline else {
      Issue.record("never came true: \(what)")
      throw CancellationError()
    }
    try await clock.sleep(for: .milliseconds(50))
  }
}
