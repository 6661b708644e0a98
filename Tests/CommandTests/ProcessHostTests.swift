import Foundation
import TestSupport
import Testing

@Suite("Processes on unlike hosts")
struct ProcessHostTests {
  private static let isRoot = geteuid() == 0

  private static let sleeper = """
    apiVersion: processes/v1
    kind: Process
    metadata: {name: p}
    spec:
      command: [/bin/sh, -c, "echo $$ > pid; exec sleep 1000"]
      directory: WORLD
      stop: [{signal: KILL}]

    """

  private func prepare(_ documents: [String]) throws -> Command {
    let command = try Command()
    try command.folder.makeFolder("world")
    try command.folder.write(
      documents.joined(separator: "---\n").replacing("WORLD", with: command.world),
      to: "desired/p.yaml")
    return command
  }

  @Test(
    "T50: a stranger that got the very id of a process, while nobody watched, is left alone",
    .enabled(
      if: isRoot && access("/proc/sys/kernel/ns_last_pid", W_OK) == 0,
      "a namespace in which ids can be given again can't be made here"))
  func reusedId() async throws {
    let command = try prepare([Self.sleeper])
    let output = try await command.shell(
      """
      exec unshare --pid --fork --mount-proc bash -c '
        $tend agent -f desired --once --log-level critical || exit 1
        old=$(cat world/pid)
        kill -9 $(pgrep -x tend-holder) $old
        while kill -0 $old 2>/dev/null || pgrep -x tend-holder >/dev/null; do sleep 0.05; done
        for try in $(seq 1000); do
          echo $((old - 1)) > /proc/sys/kernel/ns_last_pid
          sleep 1000 & stranger=$!
          if ((stranger == old)); then break; fi
          kill -9 $stranger
        done
        $tend agent -f desired --once --log-level critical || exit 2
        new=$(cat world/pid)
        $tend agent -f desired --once --stop-on-exit --log-level critical || exit 3
        kill -0 $new 2>/dev/null && echo "the new one is left"
        kill -0 $stranger && echo "old $old stranger $stranger"
        [[ $new != $old ]] && echo "another one was started"
      '
      """)
    #expect(output.status == 0, "\(output.out)\(output.errors)")
    let ids = try #require(output.out.firstMatch(of: /old (\d+) stranger (\d+)/))
    #expect(ids.output.1 == ids.output.2, "the id was given again")
    #expect(output.out.contains("another one was started"))
    #expect(!output.out.contains("is left"))
  }

  /// Ends at once, well.
  private static func job(_ name: String, _ more: String) -> String {
    """
    apiVersion: processes/v1
    kind: Process
    metadata: {name: \(name)}
    spec:
      command: [/bin/sh, -c, "echo \(name) >> runs"]
      directory: WORLD
      restart: {policy: onFailure}
      \(more)

    """
  }

  @Test(
    "after a boot what ran is started afresh, and what had ended only where that is declared",
    .enabled(if: isRoot, "a boot can't be played here: there is no namespace of mounts"))
  func boot() async throws {
    let command = try prepare([
      Self.sleeper, Self.job("once", ""), Self.job("each", "rerunOnBoot: true"),
    ])
    let output = try await command.shell(
      """
      exec unshare --mount --pid --fork --mount-proc bash -c '
        $tend agent -f desired --once --log-level critical > log || exit 1
        old=$(cat world/pid)
        $tend agent -f desired --once --log-level critical > log || exit 2
        [[ $(cat world/pid) == $old ]] && echo "the same boot: it runs on"
        sort world/runs | tr "\\n" " "
        kill -9 $(pgrep -x tend-holder) $old
        while kill -0 $old 2>/dev/null || pgrep -x tend-holder >/dev/null; do sleep 0.05; done
        cat /proc/sys/kernel/random/uuid > boot
        mount --bind boot /proc/sys/kernel/random/boot_id
        $tend agent -f desired --once --log-level critical > log || exit 3
        [[ $(cat world/pid) != $old ]] && kill -0 $(cat world/pid) && echo "another boot: anew"
        sort world/runs | tr "\\n" " "
        $tend agent -f desired --once --stop-on-exit --log-level critical > log
      '
      """)
    #expect(output.status == 0, "\(output.out)\(output.errors)")
    #expect(
      output.out == """
        the same boot: it runs on
        each once another boot: anew
        each each once\u{20}
        """, "\(output.errors)")
  }

  @Test("an ordinary user keeps processes, and what needs root is refused with the reason")
  func ordinaryUser() async throws {
    let user = Self.isRoot ? "setpriv --reuid 65534 --regid 65534 --clear-groups " : ""
    let command = try prepare([
      """
      apiVersion: processes/v1
      kind: Process
      metadata: {name: tree}
      spec:
        command: [/bin/sh, -c, "(setsid sh -c 'echo $$ >> pids; trap \\"\\" TERM; sleep 1000' &); \\
          echo $$ >> pids; exec sleep 1000"]
        directory: WORLD
        stop: [{signal: TERM, wait: 50ms}, {signal: KILL}]

      """
    ])
    let owner = Self.isRoot ? "; chown 65534 world state" : ""
    _ = try await command.shell("mkdir -m 700 state; chmod 755 .\(owner)")
    let once = try await command.shell(
      user + "$tend agent -f desired --once --state-dir state 2>&1")
    #expect(once.status == 0, "\(once.out)\(once.errors)")
    try await eventually("both run") {
      try await command.shell("wc -l < world/pids").out == "2\n"
    }
    let described = try await command.shell(user + "$tend describe Process/tree --state-dir state")
    #expect(described.out.contains("ready"), "\(described.out)")
    let ended = try await command.shell(
      user + "$tend agent -f desired --once --stop-on-exit --state-dir state; "
        + "for pid in $(cat world/pids); do [ /proc/$pid/cwd -ef world ] && echo left $pid; done; "
        + "true")
    #expect(ended.status == 0 && !ended.out.contains("left"), "\(ended.out)\(ended.errors)")
    try command.folder.write(
      Self.sleeper.replacing("WORLD", with: command.world) + "  user: root\n", to: "desired/p.yaml")
    let refused = try await command.shell(user + "$tend plan -f desired --state-dir state")
    #expect(refused.status == 1)
    #expect(
      refused.out.contains(
        "the agent may not start processes as root; run the agent as root, or leave user and"),
      "\(refused.out)")
  }

  @Test("T55: without descriptors there are errors and waits, and then all runs that has room")
  func descriptors() async throws {
    let all = (0..<40).map { Self.sleeper.replacing("{name: p}", with: "{name: p\($0)}") }
    let command = try prepare(all)
    let short = "prlimit --nofile=64 $tend agent -f desired"
    let crowded = try await command.shell(
      "timeout --preserve-status 20 \(short) --interval 1s 2>&1; echo status $?")
    #expect(crowded.out.contains("status 0"), "it ends when it is told to: \(crowded.out)")
    let state = try await command.shell("$tend get Process")
    #expect(state.out.contains("too many open files"), "\(state.out)")
    let running = state.out.matches(of: /Process\/(p\d+) +True/).prefix(3).map(\.output.1)
    #expect(running.count == 3, "the first ones run: \(state.out)")
    let fewer = running.map { Self.sleeper.replacing("{name: p}", with: "{name: \($0)}") }
    try command.folder.write(
      fewer.joined(separator: "---\n").replacing("WORLD", with: command.world),
      to: "desired/p.yaml")
    let roomy = try await command.shell(
      """
      \(short) --interval 1s > log 2>&1 & agent=$!
      for try in $(seq 600); do
        $tend status > status 2>&1 && break
        id=$(grep -o 'approve default [0-9a-f]*' status | head -1 | cut -d' ' -f3)
        [[ -n $id ]] && $tend approve default $id > /dev/null 2>&1
        sleep 0.2
      done
      $tend get Process
      kill $agent; wait $agent; echo status $?
      $tend agent -f desired --once --stop-on-exit
      """)
    #expect(roomy.out.matches(of: /Process\/p\d+ +True +True/).count == 3, "\(roomy.out)")
    #expect(roomy.out.contains("status 0"), "\(roomy.out)\(roomy.errors)")
    #expect(roomy.status == 0, "\(roomy.out)\(roomy.errors)")
  }
}
