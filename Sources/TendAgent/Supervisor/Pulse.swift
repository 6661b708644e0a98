import Logging
import ServiceLifecycle
import Tend
import TendEngine

/// Tells the supervisor how the agent is, for as long as it runs.
///
/// `watchdog` is told twice in each period that the supervisor set, and only while the engine gets
/// something done; where it does not, the supervisor ends the agent and starts it again.
struct Pulse<C: Clock<Duration>>: Service {
  /// How often the status is looked at where no watchdog asks for more.
  static var usual: Duration { .seconds(15) }

  private let supervisor: Supervisor
  private let clock: C
  private let logger: Logger
  private let vitals: @Sendable () -> Vitals
  private let units: @Sendable () -> [UnitStatus]

  init(
    _ supervisor: Supervisor, clock: C, logger: Logger, vitals: @escaping @Sendable () -> Vitals,
    units: @escaping @Sendable () -> [UnitStatus]
  ) {
    self.supervisor = supervisor
    self.clock = clock
    self.logger = logger
    self.vitals = vitals
    self.units = units
  }

  func run() async throws {
    await withGracefulShutdownHandler {
      await cancelWhenGracefulShutdown { await beat() }
    } onGracefulShutdown: {
      supervisor.tell(.stopping, .status("finishing what has begun"))
    }
  }

  private func beat() async {
    let start = clock.now
    let pause = min(Self.usual, (supervisor.watchdog ?? Self.usual * 2) / 2)
    var liveness = Liveness(patience: supervisor.watchdog ?? Self.usual, now: .zero)
    var told = ""
    repeat {
      var status = Self.status(of: units())
      if supervisor.watchdog != nil {
        if let problem = liveness.judge(vitals(), now: start.duration(to: clock.now)) {
          logger.critical("engine is stuck", metadata: ["problem": "\(problem)"])
          status = "stuck: \(problem)"
        } else {
          supervisor.tell(.watchdog)
        }
      }
      // What was not taken is told again.
      if status != told, supervisor.tell(.status(status)) { told = status }
    } while (try? await clock.sleep(for: pause)) != nil
  }

  /// `3 units, 120 resources: 2 Ready, web Stalled (DeletionBudget)`.
  static func status(of units: [UnitStatus]) -> String {
    let isReady = { (unit: UnitStatus) in unit.condition(.ready)?.status == .yes }
    let resources = units.reduce(0) { $0 + $1.resources }
    let others = units.filter { !isReady($0) }.map { unit in
      let isStalled = unit.condition(.stalled)?.status == .yes
      let reason = (isStalled ? unit.condition(.stalled) : unit.condition(.ready))?.reason ?? ""
      return "\(unit.name) \(isStalled ? "Stalled" : "not Ready") (\(reason))"
    }
    let more = others.count > 5 ? ["\(others.count - 5) more"] : []
    let parts = ["\(units.count - others.count) Ready"] + others.prefix(5) + more
    return count(units.count, "unit") + ", " + count(resources, "resource") + ": "
      + parts.joined(separator: ", ")
  }

  private static func count(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)" + (count == 1 ? "" : "s")
  }
}

/// The engine as a service that says when it has started.
struct EngineService: Service {
  let engine: Engine
  let started: @Sendable () async -> Void

  func run() async throws { try await engine.run(started: started) }
}
