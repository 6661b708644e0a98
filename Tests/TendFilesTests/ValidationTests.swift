import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("a command accepts new content before it replaces the old")
struct ValidationTests {
  private static func validate(_ arguments: String...) -> Value {
    ["validate": .list(arguments.map(Value.string))]
  }

  @Test("content that is accepted is written, and content that is not leaves all as it was")
  func verdicts() async throws {
    let ground = try Playground()
    let good = Self.validate("grep", "-q", "good", "{file}")
    try await ground.reconcile(try ground.file("a", "good 1\n", good))
    #expect(text(of: ground("a")) == "good 1\n")
    let bad = try ground.file("a", "bad\n", good)
    let error = await failure { try await ground.reconcile(bad) }
    #expect(error?.code == .permanent)
    #expect(error?.field == "validate")
    #expect(error?.message.contains("grep does not accept the new content (exit status 1)") == true)
    #expect(text(of: ground("a")) == "good 1\n")
    #expect(names(in: ground.path) == ["a"])
  }

  @Test("it sees the whole content, beside the file, with mode and owner as declared")
  func whatItSees() async throws {
    let ground = try Playground()
    let script = """
      test "$(dirname "$1")" = \(ground.path) && test "$(stat -c %a "$1")" = 640 \
      && test "$(cat "$1")" = hello && test ! -e \(ground("a"))
      """
    try await ground.reconcile(
      try ground.file(
        "a", "hello\n", mode: "0640", Self.validate("sh", "-c", script, "x", "{file}")))
    #expect(text(of: ground("a")) == "hello\n")
  }

  @Test("what it printed is in the error, bounded, with the file's own name")
  func output() async throws {
    let ground = try Playground()
    let script = "echo \"$1:3: no such option\" >&2; yes | head -c 100000; exit 7"
    let file = try ground.file("a", Self.validate("sh", "-c", script, "x", "{file}"))
    let error = try #require(await failure { try await ground.reconcile(file) })
    #expect(error.message.contains("(exit status 7): \(ground("a")):3: no such option | y | y"))
    #expect(error.message.utf8.count < 8000)
  }

  @Test("T62: what it printed about content that must not be seen is not shown")
  func secret() async throws {
    let ground = try Playground()
    let file = try ground.file(
      "a", "canary\n", mode: "0600", Self.validate("sh", "-c", "cat \"$1\"; exit 1", "x", "{file}"))
    let error = try #require(await failure { try await ground.reconcile(file) })
    #expect(!error.description.contains("canary"))
    #expect(error.message.contains("not shown"))
  }

  @Test(
    "a command that can't be run is said to be missing or not to run",
    arguments: [("no-such-program", "was not found"), ("/etc/passwd", "can't be run")])
  func unrunnable(program: String, words: String) async throws {
    let ground = try Playground()
    let file = try ground.file("a", Self.validate(program, "{file}"))
    let error = try #require(await failure { try await ground.reconcile(file) })
    #expect(error.code == .permanent)
    #expect(error.message.contains(words))
    #expect(names(in: ground.path).isEmpty)
  }

  @Test("T15: at the deadline it is ended with all that it has started, also what hides from it")
  func deadline() async throws {
    let ground = try Playground(deadline: .seconds(2))
    let marks = ground("marks")
    try FileManager.default.createDirectory(atPath: marks, withIntermediateDirectories: false)
    let script = """
      trap '' TERM; setsid sh -c 'echo $$ > \(marks)/1; sleep 1000' &
      (echo $BASHPID > \(marks)/2; setsid sleep 1000 & wait) & sleep 1000
      """
    let file = try ground.file("a", Self.validate("bash", "-c", script, "x", "{file}"))
    let error = try #require(await failure { try await ground.reconcile(file) })
    #expect(error.code == .transient)
    #expect(error.message.contains("did not say within"))
    for name in names(in: marks) {
      let process = try #require(Int32(text(of: "\(marks)/\(name)")?.dropLast() ?? ""))
      #expect(kill(process, 0) == -1, "\(process) still runs")
    }
    #expect(names(in: marks) == ["1", "2"])
    #expect(names(in: ground.path) == ["marks"])
  }

  @Test("what an accepting command leaves running is ended too")
  func leftBehind() async throws {
    let ground = try Playground()
    let script = "setsid sleep 1000 & echo $! > \(ground("pid")); exit 0"
    try await ground.reconcile(
      try ground.file("a", Self.validate("bash", "-c", script, "x", "{file}")))
    let process = try #require(Int32(text(of: ground("pid"))?.dropLast() ?? ""))
    #expect(kill(process, 0) == -1)
  }

  @Test("it runs as the owner of the file, with that user's groups", .asRoot)
  func owner() async throws {
    let ground = try Playground()
    chmod(ground.path, 0o777)
    let script = "test \"$(id -un):$(id -G)\" = \"nobody:$(id -G nobody)\" && cat \"$1\""
    try await ground.reconcile(
      try ground.file(
        "a", "x\n", mode: "0600",
        [
          "owner": "nobody", "validate": ["sh", "-c", .string(script), "x", "{file}"],
        ]))
    #expect(text(of: ground("a")) == "x\n")
  }

  @Test("T56: it has nothing open but what it needs, and reads nothing")
  func descriptors() async throws {
    let ground = try Playground()
    let script = "ls /proc/self/fd | wc -l > \(ground("count")); cat"
    try await ground.reconcile(
      try ground.file("a", Self.validate("sh", "-c", script, "x", "{file}")))
    // 0, 1, 2 and the listing itself.
    #expect(text(of: ground("count")) == "4\n")
  }

  @Test("a file that is written in place has its content accepted in another one first")
  func inPlace() async throws {
    let ground = try Playground()
    try write("old\n", to: ground("a"))
    let inode = try status(of: ground("a")).st_ino
    let fields: Value = ["replace": "inPlace", "validate": ["grep", "-q", "good", "{file}"]]
    let error = await failure { try await ground.reconcile(try ground.file("a", "bad\n", fields)) }
    #expect(error?.code == .permanent)
    #expect(text(of: ground("a")) == "old\n")
    try await ground.reconcile(try ground.file("a", "good\n", fields))
    #expect(text(of: ground("a")) == "good\n")
    #expect(try status(of: ground("a")).st_ino == inode)
    #expect(names(in: ground.path) == ["a"])
  }

  @Test("nothing runs to look, or to change only the mode")
  func onlyForContent() async throws {
    let ground = try Playground()
    let mark = ground("ran")
    try write("hello\n", to: ground("a"))
    let file = try ground.file(
      "a", "hello\n", mode: "0600", Self.validate("touch", mark, "{file}"))
    try await ground.reconcile(file)
    let other = try ground.file("a", "other\n", Self.validate("touch", mark, "{file}"))
    _ = try await ground.differences(other)
    #expect(names(in: ground.path) == ["a"])
  }

  @Test(
    "a list that is no command is refused where it is declared",
    arguments: [
      ([], "names no program"), ([""], "names no program"),
      (["sshd", "-t"], "does not say where the new content is"),
      (["{file}"], "does not say where the new content is"),
      (["a", "{file}\u{0}"], "a NUL"),
      (Array(repeating: "{file}", count: 65), "too many arguments"),
    ])
  func mistakes(arguments: [String], words: String) throws {
    let ground = try Playground()
    let error = #expect(throws: Diagnostics.self) {
      try ground.file("a", ["validate": .list(arguments.map(Value.string))])
    }
    #expect(error.map { "\($0)" }?.contains(words) == true)
  }
}
