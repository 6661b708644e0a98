import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Somebody who changes a file back again and again.
@Suite(.serialized, .enabled(if: getuid() == 0, "fanotify tells root alone"))
struct ContestTests {
  @Test("T38: whoever fights over a file is named, with what to write to let it be")
  func named() async throws {
    let tend = try Tend("contest")
    try tend.folder.write(
      """
      apiVersion: files/v1
      kind: File
      metadata: {name: a}
      spec: {path: \(tend.world)/a, content: "ours"}

      """, to: "manifests/a.yaml")
    _ = try await tend.run(
      ["agent", "-f", tend.manifests, "--state-dir", tend.state, "--interval", "1m"]
    ) { _ in
      try await eventually("the file is there") { tend.folder.exists("world/a") }
      try await fighting(over: "\(tend.world)/a") { pid in
        func ask(_ verb: String...) async throws -> String {
          try await tend.run(verb + ["--state-dir", tend.state]).out
        }
        let expected = "by pid \(pid) ("
        try await eventually("the opponent is named") {
          try await ask("describe", "File/a").contains(expected)
        }
        let described = try await ask("describe", "File/a")
        #expect(described.contains("content was changed back"), "\(described)")
        #expect(described.contains("/bash"), "\(described)")
        #expect(described.contains("lifecycle: {ignoreDifferences: [content]}"), "\(described)")
        try await eventually("an event says so too") {
          try await ask("events").contains(expected)
        }
      }
    }
  }

  /// Another process, which writes its own content as soon as somebody else has.
  private func fighting(
    over path: String, body: @Sendable (Int32) async throws -> Void
  ) async throws {
    let script = """
      while sleep 0.05; do
        read -r now < $0
        [ "$now" = theirs ] || echo theirs > $0
      done
      """
    _ = try await Subprocess.run(
      .path("/bin/bash"), arguments: ["-c", script, path], input: .none, output: .discarded,
      error: .discarded
    ) { execution in
      defer { try? execution.send(signal: .kill) }
      try await body(execution.processIdentifier.value)
    }
  }
}
