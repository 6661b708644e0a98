import Foundation
import TestSupport
import Testing

/// Manifests of processes, and a look at what became of them.
private struct Workshop {
  let command: Command

  init() throws {
    command = try Command()
    try command.folder.makeFolder("world")
  }

  /// Each document stands in its file; `WORLD` is where they work.
  func write(_ documents: [String: String]) throws {
    for (name, text) in documents {
      try command.folder.write(
        text.replacing("WORLD", with: command.world), to: "desired/\(name).yaml")
    }
  }

  /// A process that runs a script, whose lines are indented here.
  func process(_ name: String, _ script: String, _ more: String = "") -> String {
    """
    apiVersion: processes/v1
    kind: Process
    metadata: {name: \(name)}
    \(more.contains("dependsOn") ? more : "")
    spec:
      command: [/bin/sh, -c, '\(script)']
      directory: WORLD
      \(more.contains("dependsOn") ? "stop: [{signal: TERM, wait: 5s}, {signal: KILL}]" : more)

    """
  }

  /// Those of some ids under which somebody works here.
  func alive(_ processes: [String]) -> [String] {
    processes.filter { id in
      Int32(id).map { ProcessTests.works($0, in: command.world) } == true
    }
  }

  func lines(_ file: String) -> [String] {
    let text = try? String(contentsOfFile: command.folder.path("world/\(file)"), encoding: .utf8)
    return (text ?? "").split(separator: "\n").map(String.init)
  }
}

@Suite("An agent and its processes")
struct ProcessAgentTests {
  @Test("T58: an agent that is killed 50 times among 100 children restarts none, and adopts all")
  func killed() async throws {
    let work = try Workshop()
    let script = "echo $$ >> starts; exec sleep 1000"
    let all = (0..<100).map { work.process("p\($0)", script, "stop: [{signal: KILL}]") }
    try work.write(["all": all.joined(separator: "---\n")])
    let first = try await work.command.shell("$tend agent -f desired --once")
    #expect(first.status == 0, "\(first.errors)")
    let started = work.lines("starts")
    #expect(started.count == 100)
    // At moments that differ, from before it is there to after it has looked at everything.
    let rounds = try await work.command.shell(
      """
      for i in $(seq 50); do
        $tend agent -f desired --interval 200ms --log-level critical & agent=$!
        sleep 0.$((i * 7 % 10))$((i % 10))
        kill -9 $agent; wait $agent 2>/dev/null
      done
      $tend agent -f desired --once
      """)
    #expect(rounds.status == 0, "\(rounds.out)\(rounds.errors)")
    #expect(work.lines("starts") == started, "none was started anew")
    #expect(work.alive(started) == started)
    let status = try await work.command.shell("$tend get Process -o json")
    #expect(status.out.components(separatedBy: "\"name\": \"p").count == 101, "\(status.out)")
    let last = try await work.command.shell("$tend agent -f desired --once --stop-on-exit")
    #expect(last.status == 0, "\(last.errors)")
    #expect(work.alive(started) == [])
  }

  @Test("T60: what depends on another is ended before it, at the agent's end and when both go")
  func order() async throws {
    let work = try Workshop()
    let script = { (name: String) in
      "trap \"echo \(name) >> order; exit 0\" TERM; while :; do sleep 0.05; done"
    }
    try work.write([
      "base": work.process("base", script("base"), "stop: [{signal: TERM, wait: 5s}]"),
      "top": work.process("top", script("top"), "dependsOn: [Process/base]"),
    ])
    let once = try await work.command.shell("$tend agent -f desired --once --stop-on-exit")
    #expect(once.status == 0, "\(once.out)\(once.errors)")
    #expect(work.lines("order") == ["top", "base"])
    #expect(once.out.hasSuffix("2 created.\nEnded on exit: Process/base, Process/top.\n"))
    try work.write(["base": "", "top": ""])
  }

  @Test("T60: one that does not end holds up what it depends on, and is named")
  func blocker() async throws {
    let work = try Workshop()
    try work.write([
      "other": """
      apiVersion: files/v1
      kind: File
      metadata: {name: other}
      spec: {path: WORLD/other, content: "x"}

      """,
      "base": work.process("base", "exec sleep 1000", "stop: [{signal: KILL}]"),
      "top": work.process(
        "top", "trap \"\" TERM; echo $$ > pid; while :; do sleep 0.05; done",
        "dependsOn: [Process/base]"
      ).replacing("{signal: TERM, wait: 5s}, {signal: KILL}", with: "{signal: TERM}"),
    ])
    let output = try await work.command.agent("-f", "desired") { _ in
      try await eventually("all is Ready") {
        try await work.command("status").status == 0 && !work.lines("pid").isEmpty
      }
      try work.command.folder.remove("desired/base.yaml")
      try work.command.folder.remove("desired/top.yaml")
      let top = try #require(work.lines("pid").first)
      try await eventually("the one that hangs is named") {
        let text = try await work.command("get", "-o", "json").out
        return text.contains(
          "waits for the end of process \(top) of replica 0, which was sent TERM")
          && text.contains("Process/top")
      }
      #expect(try await work.command("describe", "Process/base").out.contains("ready"))
      kill(try #require(Int32(top)), SIGKILL)
      try await eventually("both are gone") {
        try await !work.command("get").out.contains("Process/")
      }
    }
    #expect(output.status == 0, "\(output.errors)")
  }

  @Test("one that ends again and again is as declared and not Ready, with what is known of it")
  func loops() async throws {
    let work = try Workshop()
    let policy = "restart: {initialDelay: 50ms, maximumDelay: 200ms}"
    try work.write(["loop": work.process("loop", "echo can not bind; exit 3", policy)])
    let output = try await work.command.agent("-f", "desired", "--stop-on-exit") { _ in
      try await eventually("the loop is told") {
        let text = try await work.command("describe", "Process/loop").out
        return text.contains(/Ready +False +Degraded: crash loop: replica 0 ended \d+ times/)
          && text.contains("last: it exited with status 3; its last lines: can not bind")
          && text.contains(/InSync +True +AsDeclared/)
          && text.contains(/last exit +exited with status 3 at TIME/)
          && text.contains(/restarts +\d+/)
      }
      #expect(try await work.command("status").status == 1)
      let events = try await work.command("events", "Process/loop").out
      #expect(events.contains("condition Process/loop"), "\(events)")
      #expect(events.contains("crash loop: replica 0 ended"), "\(events)")
    }
    #expect(output.status == 0, "\(output.errors)")
  }

  @Test("logs --follow goes on over rotated files, and tells each line once")
  func follow() async throws {
    let work = try Workshop()
    let script = "i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.005; done"
    try work.write([
      "p": work.process("p", script, "logs: {maximumSize: 8Ki, keep: 3}")
    ])
    let once = try await work.command.shell("$tend agent -f desired --once")
    #expect(once.status == 0, "\(once.errors)")
    _ = try await work.command.shell(
      "$tend logs Process/p --follow > world/followed 2> world/notes & echo $! > world/follower")
    try await eventually("lines of several files are told") {
      work.lines("followed").count > 1000
    }
    let follower = try #require(work.lines("follower").first.flatMap { Int32($0) })
    kill(follower, SIGTERM)
    let ticks = work.lines("followed").dropLast().compactMap { line in
      line.split(separator: " ").last.flatMap { Int($0) }
    }
    let first = try #require(ticks.first)
    #expect(ticks == Array(first..<first + ticks.count), "in their order, without a gap")
    let since = try await work.command.shell("$tend logs Process/p --since 1s --replica 0")
    #expect(since.status == 0, "\(since.errors)")
    #expect(since.out.contains("tick"))
    #expect(!since.out.contains("tick 1\n"))
    let none = try await work.command.shell("$tend logs Process/p --replica 1")
    #expect(none.status == 1)
    #expect(none.errors.contains("replica"), "\(none.errors)")
    _ = try await work.command.shell("$tend agent -f desired --once --stop-on-exit")
  }

  @Test("O5: a secret in the environment reaches the process, and nothing that anybody can see")
  func secrets() async throws {
    let work = try Workshop()
    let canary = "canary-7d1c0f"
    try work.command.folder.write(canary, to: "token")
    let environment = "environment: {TOKEN: {file: \(work.command.folder.path("token"))}}"
    try work.write([
      "p": work.process("p", "echo $${#TOKEN}; exec sleep 1000", environment),
      "loop": work.process("loop", "exit 3", environment),
      "missing": work.process("missing", "exec /no/such", environment)
        .replacing("/bin/sh", with: "/no/such"),
    ])
    let said = try await work.command.shell(
      """
      $tend plan -f desired 2>&1; $tend plan -f desired -o json 2>&1
      $tend agent -f desired --once --log-level trace 2>&1
      $tend get -o yaml 2>&1; $tend describe Process/p 2>&1; $tend describe Process/loop 2>&1
      $tend logs Process/p 2>&1; $tend logs Process/loop 2>&1; $tend events 2>&1; $tend diff 2>&1
      echo found $(cat /proc/[0-9]*/cmdline 2>/dev/null | grep -acf token) in arguments
      echo found $(grep -rlf token tend 2>/dev/null | wc -l) in files
      """)
    #expect(said.out.contains(" \(canary.count)\n"), "the process has it: \(said.out)")
    #expect(!said.out.contains(canary))
    #expect(said.out.contains("found 0 in arguments"))
    #expect(said.out.contains("found 0 in files"))
    try work.command.folder.write("another-\(canary)", to: "token")
    let plan = try await work.command.shell("$tend plan -f desired 2>&1")
    #expect(plan.out.contains("environment.TOKEN"), "\(plan.out)")
    #expect(!plan.out.contains(canary))
    _ = try await work.command.shell(
      "rm desired/missing.yaml; $tend agent -f desired --once --stop-on-exit")
  }
}
