internal import Glibc
public import Subprocess
internal import SystemPackage

/// The built `tend` as a process, in a folder of its own.
public struct Tend: Sendable {
  /// How a run ended.
  public struct Output: Sendable {
    /// The exit status, or minus the signal that ended it.
    public var status: Int32
    /// What it wrote on standard output.
    public var out: String
    /// What it wrote on standard error.
    public var errors: String

    /// The output of a run that ended.
    public init(status: Int32, out: String, errors: String) {
      self.status = status
      self.out = out
      self.errors = errors
    }
  }

  /// Where it runs; goes away with the last copy of this value.
  public let folder: TemporaryFolder

  /// A state directory that no other test knows; not made yet.
  public var state: String { folder.path("state") }

  /// A folder for what is desired.
  public var manifests: String { folder.path("manifests") }

  /// A folder that what is desired stands in.
  public var world: String { folder.path("world") }

  /// Makes the folder, and in it those for what is desired and for its world unless it is `bare`.
  public init(_ label: String = "tend", bare: Bool = false, inMemory: Bool = false) throws {
    folder = try TemporaryFolder(label, inMemory: inMemory)
    guard !bare else { return }
    try folder.makeFolder("manifests")
    try folder.makeFolder("world")
  }

  /// The executable, which is built beside that of the tests.
  public static let path: String = {
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &bytes, bytes.count)
    let own = String(
      decoding: bytes.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/tend"
  }()

  /// Runs it to its end, as another user where `user` says so.
  public func callAsFunction(
    _ arguments: String..., input: String = "", environment: [Environment.Key: String?] = [:],
    user: UInt32? = nil
  ) async throws -> Output {
    try await run(arguments, input: input, environment: environment, user: user)
  }

  /// Runs it to its end; `killAfter` ends it by SIGKILL.
  public func run(
    _ arguments: [String], input: String = "", environment: [Environment.Key: String?] = [:],
    user: UInt32? = nil, killAfter: Duration? = nil
  ) async throws -> Output {
    let (program, arguments) = Self.line(arguments, as: user)
    return try await run(
      arguments, program: program, input: input, environment: environment, killAfter: killAfter)
  }

  /// Runs another program, which may run this one, to its end.
  func run(
    _ arguments: [String], program: String, input: String = "",
    environment: [Environment.Key: String?] = [:], killAfter: Duration? = nil
  ) async throws -> Output {
    let result = try await Subprocess.run(
      .path(FilePath(program)), arguments: Arguments(arguments),
      environment: self.environment.updating(environment),
      workingDirectory: FilePath(folder.path), input: .string(input),
      output: .string(limit: 16 << 20), error: .string(limit: 16 << 20)
    ) { execution in
      guard let killAfter else { return }
      try await ContinuousClock().sleep(for: killAfter)
      try? execution.send(signal: .kill)
    }
    return output(
      of: arguments, result.terminationStatus, result.standardOutput, result.standardError)
  }

  /// Runs it while the body looks on, which gets its process id; then ends it by SIGTERM.
  public func run(
    _ arguments: [String], environment: [Environment.Key: String?] = [:], user: UInt32? = nil,
    while body: @Sendable (Int32) async throws -> Void
  ) async throws -> Output {
    let (program, arguments) = Self.line(arguments, as: user)
    let result = try await Subprocess.run(
      .path(FilePath(program)), arguments: Arguments(arguments),
      environment: self.environment.updating(environment),
      workingDirectory: FilePath(folder.path), input: .none,
      output: .string(limit: 16 << 20), error: .string(limit: 16 << 20)
    ) { execution in
      defer { try? execution.send(signal: .terminate) }
      try await body(execution.processIdentifier.value)
    }
    return output(
      of: arguments, result.terminationStatus, result.standardOutput, result.standardError)
  }

  /// Runs a line of a shell, in which `$tend` is the executable.
  public func shell(_ line: String) async throws -> Output {
    let result = try await Subprocess.run(
      .path("/bin/bash"), arguments: ["-c", line],
      environment: environment.updating(["tend": Self.path]),
      workingDirectory: FilePath(folder.path), input: .none,
      output: .string(limit: 16 << 20), error: .string(limit: 16 << 20))
    return output(
      of: [line], result.terminationStatus, result.standardOutput, result.standardError)
  }

  /// Runs a line of a shell, which has to be one command, while the body looks on; then ends it by
  /// SIGTERM.
  public func shell(
    _ line: String, while body: @Sendable (Int32) async throws -> Void
  ) async throws {
    let result = try await Subprocess.run(
      .path("/bin/bash"), arguments: ["-c", "exec " + line],
      environment: environment.updating(["tend": Self.path]),
      workingDirectory: FilePath(folder.path), input: .none,
      output: .string(limit: 16 << 20), error: .string(limit: 16 << 20)
    ) { execution in
      defer { try? execution.send(signal: .terminate) }
      try await body(execution.processIdentifier.value)
    }
    _ = output(
      of: [line], result.terminationStatus, result.standardOutput, result.standardError)
  }

  /// How a run ended; nothing that it has written holds the secret of its environment.
  private func output(
    of arguments: [String], _ status: TerminationStatus, _ out: String, _ errors: String
  ) -> Output {
    let output = Output(status: Self.status(status), out: out, errors: errors)
    Canary.check(output, of: arguments, in: folder)
    return output
  }

  private var environment: Environment {
    .inherit.updating([
      "XDG_STATE_HOME": folder.path, "TEND_RUNTIME_DIR": folder.path("run"), "NO_COLOR": nil,
      "SUDO_USER": nil,
      "GIT_CONFIG_GLOBAL": "/dev/null", "TEND_TEST_SECRET": Canary.marker,
    ])
  }

  private static func line(_ arguments: [String], as user: UInt32?) -> (String, [String]) {
    guard let user else { return (path, arguments) }
    let identity = ["--reuid", "\(user)", "--regid", "\(user)", "--clear-groups", path]
    return ("/usr/bin/setpriv", identity + arguments)
  }

  private static func status(_ status: TerminationStatus) -> Int32 {
    switch status {
    case .exited(let code): Int32(code)
    case .signaled(let signal): -Int32(signal)
    }
  }
}
