import CTendProcesses
import Foundation
import Tend
import TestSupport
import Testing

@testable import TendProcesses

@Suite("a start is exact", .serialized)
struct SpawnTests {
  @Test("T56: nothing is inherited but 0, 1 and 2, also where the agent has many open")
  func descriptors() async throws {
    try await onStage { stage in
      var open: [Int32] = []
      for _ in 0..<20 { open.append(dup(1)) }
      defer { for descriptor in open { close(descriptor) } }
      let spec = try stage.shell("ls", "ls /proc/self/fd | tr '\\n' ' '; echo; exec sleep 1000")
      try await stage.reconcile(spec)
      // The third is the directory that ls itself reads.
      try await stage.wait(spec, forLine: "0 1 2 3 ")
    }
  }

  @Test(
    "no signal is blocked or ignored, it leads a session, and its environment is what is declared")
  func surroundings() async throws {
    try await onStage { stage in
      setenv("TEND_TEST_CANARY", "canary", 1)
      let spec = try stage.shell(
        "env",
        "grep -E 'Sig(Blk|Ign)' /proc/self/status | tr -d '\\t '; "
          + "env | sort | cut -d= -f1 | tr '\\n' ' '; "
          + "echo; echo sid $(cut -d' ' -f6 /proc/$$/stat) pid $$; pwd; exec sleep 1000",
        ["environment": ["A": "b", "TZ": "UTC"], "directory": "/usr"])
      try await stage.reconcile(spec)
      let process = try await stage.process(spec)
      try await stage.wait(spec, forLine: "/usr")
      let lines = try stage.lines(spec)
      #expect(lines.contains("SigBlk:0000000000000000"))
      #expect(lines.contains("SigIgn:0000000000000000"))
      #expect(lines.contains("A PATH PWD TEND_INSTANCE TEND_REPLICA TZ "))
      #expect(lines.contains("sid \(process) pid \(process)"))
    }
  }

  struct Failing: Sendable, CustomTestStringConvertible {
    let what: String
    let spec: Value
    let message: String
    let field: String
    var testDescription: String { what }
  }

  static let failing = [
    Failing(
      what: "a program that is not there", spec: ["command": ["/no/such/program"]],
      message: "can't run /no/such/program: no such file or directory", field: "command"),
    Failing(
      what: "a file that is not executable", spec: ["command": ["/etc/passwd"]],
      message: "can't run /etc/passwd: permission denied", field: "command"),
    Failing(
      what: "a directory", spec: ["command": ["/usr"]], message: "can't run /usr",
      field: "command"),
    Failing(
      what: "a directory to start in that is not there",
      spec: ["command": ["/bin/true"], "directory": "/no/such"],
      message: "can't enter the directory /no/such", field: "directory"),
    Failing(
      what: "no such user", spec: ["command": ["/bin/true"], "user": "nobody-at-all"],
      message: "there is no user nobody-at-all", field: "user"),
    Failing(
      what: "no such group", spec: ["command": ["/bin/true"], "group": "nobody-at-all"],
      message: "there is no group nobody-at-all", field: "group"),
  ]

  @Test("what can't be started is an error that names it, and starts nothing", arguments: failing)
  func failures(_ row: Failing) async throws {
    try await onStage { stage in
      let spec = try stage.declare("x", row.spec)
      let error = await #expect(throws: ProviderError.self) { _ = try await stage.observe(spec) }
      #expect(error?.message.contains(row.message) == true, "\(String(describing: error))")
      #expect(error?.field == row.field)
      #expect(error?.code == .permanent)
    }
  }

  @Test("a script whose interpreter is missing, and one without an interpreter")
  func interpreters() async throws {
    try await onStage { stage in
      try stage.folder.write("#!/no/such/interpreter -x\n", to: "bad")
      try stage.folder.write("echo hello\n", to: "plain")
      for name in ["bad", "plain"] { chmod(stage.folder.path(name), 0o755) }
      let bad = try stage.declare("bad", ["command": [.string(stage.folder.path("bad"))]])
      let error = await #expect(throws: ProviderError.self) { _ = try await stage.observe(bad) }
      #expect(error?.message.contains("the interpreter that") == true)
      let plain = try stage.declare("plain", ["command": [.string(stage.folder.path("plain"))]])
      let other = await #expect(throws: ProviderError.self) { _ = try await stage.observe(plain) }
      #expect(other?.message.contains("neither a program nor a script") == true)
    }
  }

  @Test("a change to what can't run leaves alone what runs")
  func leavesAlone() async throws {
    try await onStage { stage in
      let spec = try stage.shell("web", "exec sleep 1000")
      try await stage.reconcile(spec)
      let process = try await stage.process(spec)
      let broken = try stage.declare("web", ["command": ["/no/such/program"]])
      await #expect(throws: ProviderError.self) { try await stage.reconcile(broken) }
      #expect(stage.isRunning(process))
      #expect(try stage.report(spec)?.processes.first?.process == process)
    }
  }

  @Test("users, groups and limits of descriptors are those that are declared", .enabled(if: isRoot))
  func identity() async throws {
    try await onStage { stage in
      let spec = try stage.shell(
        "who", "id -u; id -g; id -G; ulimit -n; echo $USER $HOME; exec sleep 1000",
        ["user": "daemon", "group": "nogroup", "limits": ["openFiles": 123]])
      try await stage.reconcile(spec)
      try await stage.wait(spec, forLine: "daemon /usr/sbin")
      let lines = try stage.lines(spec)
      #expect(Array(lines.prefix(2)) == ["1", "65534"])
      #expect(lines.contains("123"))
    }
  }

  @Test("T54: 10,000 starts of which half fail leave no descriptor and no zombie")
  func leaks() async {
    // In a process of its own, in which nobody else opens any.
    await #expect(processExitsWith: .success) { try Self.startMany(10_000) }
  }

  private static func startMany(_ count: Int) throws {
    let null = try Folder(at: "/dev").open("null", OpenFlags.reading)
    let before = descriptors()
    for round in 0..<count {
      let program = round.isMultiple(of: 2) ? "/bin/true" : "/no/such/program"
      let launch = Launch(
        command: [program], directory: "/", environment: [], account: nil, openFiles: 0,
        notifies: false, watchdog: 0, digest: "")
      do throws(Starter.Failure) {
        let (process, descriptor) = try Starter.start(
          launch, in: .init(input: null.raw, output: null.raw))
        var status: Int32 = 0
        let reaped = waitpid(process, &status, 0)
        #expect(reaped == process && status == 0, "round \(round): status \(status)")
        _ = descriptor
      } catch {
        #expect(!round.isMultiple(of: 2), "round \(round): \(error.words(launch))")
        #expect(error.code == ENOENT)
      }
    }
    #expect(descriptors().subtracting(before) == [])
    let (left, code) = (waitpid(-1, nil, WNOHANG), errno)
    #expect(left == -1 && code == ECHILD, "\(left), errno \(code)")
  }

  /// What is open and stays so.
  ///
  /// Dispatch, which runs the tests, opens what it waits with when it gets round to it, and now and
  /// then /proc/TID/stat of a thread for a moment; what is open at every look is none of that.
  private static func descriptors() -> Set<String> {
    let folder = "/proc/self/fd"
    let files = FileManager.default
    let looks = (0..<20).map { _ in
      let names = (try? files.contentsOfDirectory(atPath: folder)) ?? []
      let all = names.compactMap { name in
        (try? files.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")).map { "\(name) \($0)" }
      }
      return Set(all.filter { !$0.contains(/anon_inode:\[(eventpoll|eventfd|timerfd)/) })
    }
    return looks.dropFirst().reduce(looks[0]) { $0.intersection($1) }
  }
}

let isRoot = geteuid() == 0
