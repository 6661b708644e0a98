import Logging
import Synchronization
import TendEngine
import TestSupport
import Testing

@testable import TendAgent

@Suite("The pulse of an agent")
struct PulseTests {
  /// Runs a pulse with a watchdog of 200 ms while the body listens.
  private func beating(
    of vitals: @escaping @Sendable () -> Vitals,
    while body: @Sendable (DatagramSocket) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder("pulse")
    let socket = try DatagramSocket(at: folder.path("s"))
    let variables = ["NOTIFY_SOCKET": socket.address, "WATCHDOG_USEC": "200000"]
    let supervisor = try #require(Supervisor(environment: { variables[$0] }))
    let pulse = Pulse(
      supervisor, clock: ContinuousClock(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, vitals: vitals,
      units: { [] })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await pulse.run() }
      defer { group.cancelAll() }
      try await body(socket)
    }
  }

  private static let idle = Vitals(lanes: [], hasWrites: false, written: 0)
  private static let stuck = Vitals(
    lanes: [.init(provider: "files", hasWork: true, isBusy: false, finished: 1)],
    hasWrites: false, written: 0)

  @Test("the watchdog is told again and again while the engine works")
  func alive() async throws {
    let listen: @Sendable (DatagramSocket) async throws -> Void = { socket in
      var heard: [String] = []
      try await eventually("three beats") {
        heard += socket.received()
        return heard.count { $0 == "WATCHDOG=1" } >= 3
      }
      #expect(heard.contains("STATUS=0 units, 0 resources: 0 Ready"))
    }
    try await beating(of: { Self.idle }, while: listen)
  }

  @Test("alive tells the truth: an engine that gets nothing done is not said to be alive")
  func stuck() async throws {
    let isStuck = Atomic(false)
    let ends = Atomic<UInt64>(0)
    let vitals: @Sendable () -> Vitals = {
      if isStuck.load(ordering: .relaxed) { return Self.stuck }
      let finished = ends.wrappingAdd(1, ordering: .relaxed).newValue
      return Vitals(
        lanes: [.init(provider: "files", hasWork: true, isBusy: false, finished: finished)],
        hasWrites: false, written: 0)
    }
    try await beating(of: vitals) { socket in
      try await eventually("a beat") { socket.received().contains("WATCHDOG=1") }
      isStuck.store(true, ordering: .relaxed)
      try await eventually("it says what is stuck") {
        socket.received().contains("STATUS=stuck: no worker of files gets anything done")
      }
      isStuck.store(false, ordering: .relaxed)
      try await eventually("it is alive again") {
        let heard = socket.received()
        return heard.contains("WATCHDOG=1")
      }
    }
  }

  @Test("the status names the units that are not Ready, and why")
  func status() {
    func unit(_ name: String, ready: Condition.Status, stalled: Condition.Status) -> UnitStatus {
      UnitStatus(
        name: name, source: nil, revision: nil,
        conditions: [
          Condition(.ready, ready, reason: "Progressing"),
          Condition(.stalled, stalled, reason: "DeletionBudget"),
        ], resources: 4, ready: 4, stalled: 0)
    }
    let good = unit("web", ready: .yes, stalled: .no)
    #expect(Pulse<ContinuousClock>.status(of: [good]) == "1 unit, 4 resources: 1 Ready")
    let all = [
      good, unit("base", ready: .no, stalled: .no), unit("db", ready: .no, stalled: .yes),
    ]
    #expect(
      Pulse<ContinuousClock>.status(of: all)
        == "3 units, 12 resources: 1 Ready, base not Ready (Progressing), "
        + "db Stalled (DeletionBudget)")
  }
}
