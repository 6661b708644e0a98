import Tend
import TestSupport
import Testing

@testable import TendAgent

@Suite("The supervisor")
struct SupervisorTests {
  private func asked(_ variables: [String: String]) -> Supervisor? {
    Supervisor(environment: { variables[$0] }, process: 7)
  }

  @Test("it is told by datagram, at a path and at an abstract address", arguments: [false, true])
  func datagrams(isAbstract: Bool) throws {
    let folder = try TemporaryFolder("notify")
    let path = folder.path("s")
    let socket = try DatagramSocket(at: isAbstract ? "@tend\(path)" : path)
    let supervisor = try #require(asked(["NOTIFY_SOCKET": socket.address]))
    #expect(supervisor.tell(.ready, .status("2 units,\nall Ready")))
    #expect(supervisor.tell(.watchdog))
    #expect(supervisor.tell(.reloading(microseconds: 12)))
    #expect(supervisor.tell(.stopping))
    #expect(
      socket.received() == [
        "READY=1\nSTATUS=2 units,all Ready", "WATCHDOG=1", "RELOADING=1\nMONOTONIC_USEC=12",
        "STOPPING=1",
      ])
  }

  @Test(
    "nobody is told where nobody asked, or at an address that can't be",
    arguments: [
      ([:], "no variable"), (["NOTIFY_SOCKET": ""], "an empty one"),
      (["NOTIFY_SOCKET": "relative"], "not absolute"), (["NOTIFY_SOCKET": "@"], "no name"),
      (["NOTIFY_SOCKET": "vsock:2:1"], "of another sort"),
      (["NOTIFY_SOCKET": "/" + String(repeating: "a", count: 107)], "too long"),
    ] as [([String: String], String)])
  func nobody(variables: [String: String], reason: String) {
    #expect(asked(variables) == nil, "\(reason)")
  }

  @Test(
    "the watchdog's period counts where it is meant for this process",
    arguments: [
      (["WATCHDOG_USEC": "30000000"], Duration.seconds(30), "for all"),
      (["WATCHDOG_USEC": "1500", "WATCHDOG_PID": "7"], .microseconds(1500), "for us"),
      (["WATCHDOG_USEC": "1500", "WATCHDOG_PID": "8"], nil, "for another process"),
      (["WATCHDOG_USEC": "0"], nil, "none"), (["WATCHDOG_USEC": "-3"], nil, "no period"),
      (["WATCHDOG_USEC": "soon"], nil, "no number"), ([:], nil, "not asked for"),
    ] as [([String: String], Duration?, String)])
  func watchdog(variables: [String: String], period: Duration?, reason: String) {
    let all = variables.merging(["NOTIFY_SOCKET": "/run/notify"]) { first, _ in first }
    #expect(asked(all)?.watchdog == period, "\(reason)")
  }

  @Test("a socket that is gone, or takes no more, holds nobody up")
  func gone() throws {
    let folder = try TemporaryFolder("notify")
    let supervisor = try #require(asked(["NOTIFY_SOCKET": folder.path("s")]))
    #expect(!supervisor.tell(.ready))
    let socket = try DatagramSocket(at: folder.path("s"))
    var taken = 0
    while supervisor.tell(.watchdog), taken < 100_000 { taken += 1 }
    #expect(taken < 100_000)
    #expect(socket.received().count == taken)
  }

  @Test("what must not be lost is told until there is room for it")
  func insisting() async throws {
    let folder = try TemporaryFolder("notify")
    let supervisor = try #require(asked(["NOTIFY_SOCKET": folder.path("s")]))
    let socket = try DatagramSocket(at: folder.path("s"))
    while supervisor.tell(.watchdog) {}
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await supervisor.insist(on: .ready, clock: ContinuousClock()) }
      try await eventually("it arrives") { socket.received().contains("READY=1") }
      try await group.waitForAll()
    }
  }
}
