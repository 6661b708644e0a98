import Foundation

/// The `tend` command as a process.
struct Command {
  /// What a process took.
  struct Usage {
    var wall: Double
    var cpu: Double

    /// In milliseconds, as the figures name them.
    var figures: [String: Double] { ["wall_ms": wall / 1e6, "cpu_ms": cpu / 1e6] }
  }

  /// It is built beside the benchmarks.
  static func path() throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: own).deletingLastPathComponent().path() + "tend"
  }

  /// Where `Examples/Agent/build-release` lays it out, beside the builds.
  static func installed() throws -> String {
    let builds = URL(fileURLWithPath: try path()).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return builds.path() + "install/usr/bin/tend"
  }

  /// Runs it with these arguments, its output to `/dev/null`; throws where it fails.
  @discardableResult
  static func tend(_ arguments: [String], isQuiet: Bool = false) throws -> Usage {
    try run(path(), arguments, isQuiet: isQuiet)
  }

  /// Runs a program, found in `PATH`.
  @discardableResult
  static func run(
    _ program: String, _ arguments: [String], isQuiet: Bool = false
  ) throws -> Usage {
    let begin = Measure.now()
    let process = try Self.begin(program, arguments, isQuiet: isQuiet)
    var (status, usage) = (Int32(), rusage())
    while wait4(process, &status, 0, &usage) < 0, errno == EINTR {}
    guard status == 0 else {
      let command = ([program] + arguments).joined(separator: " ")
      throw Program.Failure(description: "\(command): wait status \(status)")
    }
    return Usage(wall: Double(Measure.now() - begin), cpu: Measure.cpu(of: usage))
  }

  /// Starts a program, found in `PATH`, its input and output `/dev/null`; quiet, also its errors.
  static func begin(
    _ program: String, _ arguments: [String], isQuiet: Bool = false
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    for output in isQuiet ? [STDOUT_FILENO, STDERR_FILENO] : [STDOUT_FILENO] {
      posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0)
    }
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process = pid_t()
    let code = posix_spawnp(&process, program, &actions, nil, &words, environ)
    guard code == 0 else {
      throw Program.Failure(description: "\(program): \(String(cString: strerror(code)))")
    }
    return process
  }
}
