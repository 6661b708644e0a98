import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The built `tend` as a process that may be killed, with a folder of its own.
struct Tend {
  struct Output {
    /// The exit status, or minus the signal that ended it.
    let status: Int32
    let out: String
    let errors: String
  }

  let folder: TemporaryFolder
  var state: String { folder.path("state") }
  var manifests: String { folder.path("manifests") }
  var world: String { folder.path("world") }

  init() throws {
    folder = try TemporaryFolder("integration")
    try folder.makeFolder("manifests")
    try folder.makeFolder("world")
  }

  /// Beside the test executable.
  static let path: String = {
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &bytes, bytes.count)
    let own = String(
      decoding: bytes.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/tend"
  }()

  /// Runs it to its end, as another user where `user` says so.
  func callAsFunction(_ arguments: String..., user: UInt32? = nil) async throws -> Output {
    try await run(arguments, user: user)
  }

  /// Runs it while a body looks on; a body ends it by SIGTERM, `killAfter` by SIGKILL.
  func run(
    _ arguments: [String], user: UInt32? = nil, killAfter: Duration? = nil,
    body: (@Sendable () async throws -> Void)? = nil
  ) async throws -> Output {
    let identity = user.map {
      ["--reuid", "\($0)", "--regid", "\($0)", "--clear-groups", Self.path]
    }
    let result = try await Subprocess.run(
      .path(FilePath(identity == nil ? Self.path : "/usr/bin/setpriv")),
      arguments: Arguments((identity ?? []) + arguments),
      environment: .inherit.updating([
        "XDG_STATE_HOME": folder.path, "NO_COLOR": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
      ]), workingDirectory: FilePath(folder.path), input: .none,
      output: .string(limit: 16 << 20), error: .string(limit: 16 << 20)
    ) { execution in
      if let killAfter {
        try await ContinuousClock().sleep(for: killAfter)
        try? execution.send(signal: .kill)
      } else if let body {
        defer { try? execution.send(signal: .terminate) }
        try await body()
      }
    }
    return Output(
      status: Self.status(result.terminationStatus), out: result.standardOutput,
      errors: result.standardError)
  }

  private static func status(_ status: TerminationStatus) -> Int32 {
    switch status {
    case .exited(let code): Int32(code)
    case .signaled(let signal): -Int32(signal)
    }
  }
}

/// Waits until something is so; a test fails where it never is.
func eventually(
  _ what: String, within limit: Duration = .seconds(30),
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
