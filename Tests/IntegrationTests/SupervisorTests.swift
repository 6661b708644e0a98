import Glibc
import Subprocess
import TestSupport
import Testing

@Suite("An agent under a supervisor")
struct SupervisorTests {
  @Test("it says when it is ready, that it is alive, how it is, and that it stops")
  func life() async throws {
    let tend = try Tend()
    try tend.folder.write(
      """
      apiVersion: files/v1
      kind: File
      metadata: {name: a}
      spec: {path: \(tend.world)/a, content: "hello"}

      """, to: "manifests/a.yaml")
    let socket = try DatagramSocket(at: "@tend-test\(tend.folder.path)")
    let ended = try await tend.run(
      ["agent", "-f", tend.manifests, "--interval", "200ms"],
      environment: ["NOTIFY_SOCKET": socket.address, "WATCHDOG_USEC": "1000000"]
    ) { _ in
      var heard: [String] = []
      try await eventually("it is ready, well, and alive") {
        heard += socket.received()
        return heard.contains("READY=1") && heard.contains("STATUS=1 unit, 1 resource: 1 Ready")
          && heard.contains("WATCHDOG=1")
      }
      #expect(heard.count { $0 == "READY=1" } == 1)
      let status = try await tend("status")
      #expect(status.status == 0, "who is told that it is ready is answered")
      // The kernel queues ten messages; the last one needs room.
      _ = socket.received()
    }
    #expect(ended.status == 0)
    #expect(socket.received().contains("STOPPING=1\nSTATUS=finishing what has begun"))
  }

  @Test("it says when it reads its configuration again, and when that is done")
  func reload() async throws {
    let tend = try Tend()
    try tend.folder.write(
      "units:\n  - name: web\n    source: {directory: \(tend.manifests)}\n", to: "agent.yaml")
    let socket = try DatagramSocket(at: tend.folder.path("notify"))
    let ended = try await tend.run(
      ["agent", "--config", tend.folder.path("agent.yaml")],
      environment: ["NOTIFY_SOCKET": socket.address]
    ) { process in
      try await eventually("it is ready") { socket.received().contains("READY=1") }
      kill(process, SIGHUP)
      var heard: [String] = []
      try await eventually("it is ready again") {
        heard += socket.received()
        return heard.contains("READY=1")
      }
      #expect(heard.contains { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") })
    }
    #expect(ended.status == 0)
  }
}
