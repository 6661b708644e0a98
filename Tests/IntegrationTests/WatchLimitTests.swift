import Glibc
import TestSupport
import Testing

/// What the kernel grants too little of: watches, and instances of inotify.
@Suite("T37: what can't be watched is polled, and said to be", .serialized)
struct WatchLimitTests {
  @Test(
    "drift is found on the interval, and a change of the source too; status says why",
    arguments: [
      ("max_inotify_watches", "files: looked at on the interval alone, since can't watch"),
      ("max_inotify_instances", "files: looked at on the interval alone, since can't watch"),
    ])
  func limited(setting: String, note: String) async throws {
    let tend = try Tend("limits")
    let names = ["a", "b", "c"]
    for name in names { try tend.folder.makeFolder("world/\(name)") }
    @Sendable func declare(_ content: String) throws {
      let documents = names.map { name in
        """
        ---
        apiVersion: files/v1
        kind: File
        metadata: {name: \(name)}
        spec: {path: \(tend.world)/\(name)/f, content: \(content)}

        """
      }
      try tend.folder.write(documents.joined(), to: "manifests/site.yaml")
    }
    try declare("one")
    // Limits of a user namespace hold for what is in it alone.
    let agent = """
      unshare --user --map-root-user bash -c 'echo 0 > /proc/sys/user/\(setting)
        (until [ -e \(tend.folder.path("raise")) ]; do sleep 0.1; done
          echo 1000 > /proc/sys/user/\(setting)) &
        exec "$tend" agent -f \(tend.manifests) --interval 1s --state-dir \(tend.state)'
      """
    try await tend.shell(agent) { _ in
      func all(_ content: String) -> Bool {
        names.allSatisfy { (try? tend.folder.text("world/\($0)/f")) == content }
      }
      try await eventually("all is there") { all("one") }
      try await eventually("status says that it is polled") {
        try await tend("status", "--state-dir", tend.state).errors.contains(note)
      }
      let status = try await tend("status", "--state-dir", tend.state)
      #expect(status.status == 0, "what is polled works: \(status.out)")
      #expect(status.errors.contains("the source of unit default: looked at on the interval alone"))
      let json = try await tend("status", "-o", "json", "--state-dir", tend.state)
      #expect(json.out.contains("\"polled\""))
      for name in names { try tend.folder.write("theirs", to: "world/\(name)/f") }
      try await eventually("drift is repaired") { all("one") }
      try declare("two")
      try await eventually("the new revision is there") { all("two") }
      try tend.folder.write("", to: "raise")
      // Quiet for 5 s, then a look at everything; what has no instance is begun again after 30 s.
      try await eventually("it is watched again", within: .seconds(90)) {
        !(try await tend("status", "--state-dir", tend.state).errors.contains(note))
      }
    }
  }
}
