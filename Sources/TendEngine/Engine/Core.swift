import CoreMetrics
import Logging
import Synchronization
import Tend
import Tracing

/// What the engine and its controllers share: the world under its lock, and the way out of it.
final class Core: Sendable {
  let scheduler: Scheduler
  let store: any Store
  let ledger: Ledger
  let world: Lock<World>
  let controllers = Mutex<[any Controlling]>([])
  let following = FollowedUnits()
  let time: Time
  /// Where the engine's own waits go on, where time is the system's.
  let clockThread: ClockThread?
  let logger: Logger
  let backups: (any BackupStore)?
  let showsPrivate: Bool
  let claims: (any HostClaims)?
  let marks: (any WorkMarks)?
  let brake: @Sendable () -> Suspension?
  let secrets: @Sendable (SecretSource) async throws(ProviderError) -> Sensitive<String>
  let mask = SecretMask()
  let pulse: Pulse
  let meters: Meters
  let spans: Spans
  let seed: UInt64
  /// Rings where much memory has become free.
  let heap = Bell()

  init(
    scheduler: Scheduler, store: any Store, providers: [String], time: Time,
    clockThread: ClockThread?, logger: Logger, backups: (any BackupStore)?, showsPrivate: Bool,
    claims: (any HostClaims)?, marks: (any WorkMarks)?, metrics: any MetricsFactory,
    tracer: (any Tracer)?, seed: UInt64,
    brake: @escaping @Sendable () -> Suspension?,
    secrets: @escaping @Sendable (SecretSource) async throws(ProviderError) -> Sensitive<String>
  ) {
    self.scheduler = scheduler
    self.store = store
    ledger = Ledger(store)
    world = Lock(World(providers: providers))
    self.time = time
    self.clockThread = clockThread
    self.logger = logger
    self.backups = backups
    self.showsPrivate = showsPrivate
    self.claims = claims
    self.marks = marks
    self.secrets = secrets
    self.brake = brake
    pulse = Pulse(startingAt: time.wall().nanoseconds)
    self.seed = seed
    spans = Spans(tracer: tracer)
    meters = Meters(providers: providers, factory: metrics)
  }

  /// Does what waits for time again and again where its waits end, at the least cost.
  func keepingTime(_ body: () async -> Void) async {
    guard let clockThread else { return await body() }
    await withTaskExecutorPreference(clockThread) { await body() }
  }

  /// Decides under the lock, then does what was decided.
  ///
  /// Under the lock slots are freed, so that no plan is given one that is about to go, and writes
  /// are handed over and changes counted, so that both have the order of the decisions.
  func decide<Answer: Sendable>(
    _ body: (inout World, inout Effects) -> Answer
  ) -> Answer {
    let (answer, effects, followUps) = world.withLock { world in
      var effects = Effects()
      let answer = body(&world, &effects)
      if !effects.writes.isEmpty { ledger.append(effects.writes.map(masked)) }
      let followUps = effects.freed.map(free) + effects.told.compactMap { $0.tell($1) }
      return (answer, effects, followUps)
    }
    for followUp in followUps { followUp() }
    perform(effects)
    pulse.beat()
    return answer
  }

  private func free(_ node: Node, _ handle: Scheduler.Handle) -> @Sendable () -> Void {
    scheduler.remove(handle)
    return controller(node).free(node.slot)
  }

  private func perform(_ effects: Effects) {
    for write in effects.writes { log(write) }
    for add in effects.adds {
      scheduler.add(
        add.handle, priority: add.priority, after: add.delay, causes: add.causes,
        supersedes: add.supersedes)
    }
    for unit in effects.converged { converged(unit) }
    for application in effects.quiet { application.becameQuiet() }
  }

  /// No event holds a secret that was read while the engine ran, whatever a provider says.
  private func masked(_ write: StoreWrite) -> StoreWrite {
    guard case .addEvent(var event) = write else { return write }
    event.message = mask.apply(to: event.message)
    return .addEvent(event)
  }

  /// What happens to resources is logged as it is told: what is expected at `debug`, what nobody
  /// asked for at `info`, what went wrong at `warning`.
  private func log(_ write: StoreWrite) {
    guard case .addEvent(let event) = masked(write), let resource = event.resource else { return }
    let isChange = event.kind.isChange
    let isExpected = event.cause == .revision || !isChange
    let level: Logger.Level = event.result != "done" ? .warning : isExpected ? .debug : .info
    guard logger.logLevel <= level else { return }
    let message: Logger.Message =
      event.result != "done"
      ? "resource is in trouble"
      : isChange ? "resource changed" : "resource noted"
    logger.log(
      level: level, message,
      metadata: [
        "unit": "\(event.unit)", "resource": "\(resource)", "revision": "\(event.revision ?? "")",
        "action": "\(event.kind)", "cause": "\(event.cause?.rawValue ?? "")",
        "fields": "\(event.fields.joined(separator: ","))", "result": "\(event.result)",
        "detail": "\(event.message)",
      ])
  }

  func controller(_ node: Node) -> any Controlling {
    controllers.withLock { $0[Int(node.controller)] }
  }

  private func converged(_ unit: Int) {
    let now = time.moment
    let (name, taken, record, noted) = world.withLock { world in
      let state = world.units[unit]
      // A newer revision may have come since.
      let accepted = state.isConverging ? nil : state.record.accepted
      let record = accepted.map { revision in
        RevisionRecord(
          unit: state.unit.name, revision: revision, seenAt: state.record.acceptedAt ?? now.wall,
          changedAt: now.wall, state: .converged, by: state.by, changes: state.changes)
      }
      return (state.unit.name, state.taken, record, world.noted(unit, now.wall))
    }
    if taken >= Heap.worthwhile { heap.ring() }
    guard let record else { return }
    meters.revision(of: name, became: .converged)
    ledger.append([
      .putRevision(record), noted,
      .addEvent(
        Event(
          time: now.wall, unit: name, kind: .revision, revision: record.revision.id,
          message: "revision \(record.revision.short) has converged")),
    ])
    following.ring { $0.dependencies.contains(name) }
    logger.info(
      "revision converged",
      metadata: ["unit": "\(name)", "revision": "\(record.revision.short)"])
  }
}

/// The engine's clocks, with their types erased once.
struct Time: Sendable {
  /// Since some moment before the engine was made.
  let monotonic: @Sendable () -> Duration
  let wall: @Sendable () -> Timestamp
  let sleep: @Sendable (Duration) async throws -> Void

  init<C: Clock<Duration>>(_ clock: C, wall: @escaping @Sendable () -> Timestamp) {
    let start = clock.now
    monotonic = { start.duration(to: clock.now) }
    sleep = { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) }
    self.wall = wall
  }

  var moment: Moment { Moment(monotonic: monotonic(), wall: wall()) }
}
