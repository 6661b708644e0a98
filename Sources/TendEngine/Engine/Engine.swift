public import CoreMetrics
public import Logging
public import ServiceLifecycle
import Synchronization
public import Tend
public import Tracing

/// Keeps resources as they were declared.
///
/// Made with a store and providers, it plans and carries out what snapshots declare, or follows
/// sources for good. It knows no file, process or protocol; all effects are its providers'.
///
/// ```swift
/// let engine = try Engine(store: .sqlite(at: state)) {
///   TenantProvider(service: tenants)
/// }
/// let source = DirectorySource(DirectoryConfiguration(path: folder))
/// try engine.follow(source, as: Unit("tenants"))
/// ```
///
/// One engine may run at a time, once: `run` and `running` load the store, start the workers, and
/// drain them at the end. Cancelling the task that runs it drains and returns.
public final class Engine: Service {
  /// What an engine is made with besides its store and its providers.
  public struct Configuration: Sendable {
    /// Reconciles at once over all providers; nil: each provider's own limit is enough.
    public var concurrency: Int?
    /// How long a failed reconcile waits for its next attempt.
    public var backoff = Backoff()
    /// Where what is replaced or deleted is kept; nil: nowhere.
    public var backups: (any BackupStore)?
    /// Reads the secrets that providers ask for; by default there are none.
    public var secrets: @Sendable (SecretSource) async throws(ProviderError) -> Sensitive<String> =
      {
        (source: SecretSource) throws(ProviderError) in
        throw .permanent(
          "\(source) can't be read", remedy: "configure the engine with a reader of secrets")
      }
    /// Whether everything is to be left alone, asked before every change; nil: it is not.
    ///
    /// For a word that needs no running engine to be heard: a file that somebody puts down. It must
    /// answer at once. Default: never.
    public var brake: @Sendable () -> Suspension? = { nil }
    /// Below which directory providers keep what is their own, each in one of its name, and whether
    /// this engine stays to look after it.
    ///
    /// Default: nowhere; providers that need it then say so.
    public var residence: Residence?
    /// What other engines on this host own; nil: nobody asks.
    public var claims: (any HostClaims)?
    /// Where it is noted what is at work; nil: nowhere, and no resource is ever taken for poison.
    public var marks: (any WorkMarks)?
    /// Whether plans hold the texts that must not be seen, in `Difference.hidden`.
    ///
    /// For a person who asks for them at a terminal. Default: false.
    public var showsPrivate = false
    /// Decides all jitter; the same seed gives the same delays.
    ///
    /// Default: random.
    public var seed: UInt64 = .random(in: .min ... .max)
    /// Where the engine counts what it does; nil: what the process has set up for swift-metrics.
    public var metrics: (any MetricsFactory)?
    /// Where the engine tells what it does, as spans: refresh, plan, reconcile, observe, apply.
    ///
    /// Default: nil, nowhere, at no cost. A service gives what it has set up, such as
    /// `InstrumentationSystem.tracer`. A look that finds nothing to do has no span.
    public var tracer: (any Tracer)?
    /// The wall clock, for records that people read.
    ///
    /// Default: the machine's.
    public var wallClock: @Sendable () -> Timestamp = { WallClock.now }

    /// The defaults.
    public init() {}
  }

  let core: Core
  let stagingProviders: [any Controlling]
  let isLoaded = Mutex(false)
  /// Rings where it may have to be looked anew when a suspension ends.
  let suspensions = Bell()

  /// An engine with these providers.
  ///
  /// Throws `.configuration` where two providers have one name or serve one kind. Intervals,
  /// backoff and deadlines run by `clock`.
  public convenience init(
    store: some Store, configuration: Configuration = Configuration(),
    clock: some Clock<Duration> = ContinuousClock(), logger: Logger = Logger(label: "tend"),
    @ProviderList providers: () throws -> [any Provider]
  ) throws {
    try self.init(
      store: store, configuration: configuration, clock: clock, logger: logger,
      providers: providers())
  }

  /// An engine with these providers, as a list.
  public init(
    store: some Store, configuration: Configuration = Configuration(),
    clock: some Clock<Duration> = ContinuousClock(), logger: Logger = Logger(label: "tend"),
    providers: [any Provider]
  ) throws(EngineError) {
    let clockThread = ClockThread(for: clock)
    let clock: any Clock<Duration> = clockThread ?? clock
    let scheduler = Scheduler(
      Scheduler.Configuration(
        backoff: configuration.backoff, totalLimit: configuration.concurrency),
      clock: clock, seed: configuration.seed)
    core = Core(
      scheduler: scheduler, store: store, providers: providers.map(\.name),
      time: Time(clock, wall: configuration.wallClock), clockThread: clockThread, logger: logger,
      backups: configuration.backups, showsPrivate: configuration.showsPrivate,
      claims: configuration.claims, marks: configuration.marks,
      metrics: configuration.metrics ?? MetricsSystem.factory, tracer: configuration.tracer,
      seed: configuration.seed, brake: configuration.brake, secrets: configuration.secrets)
    var controllers: [any Controlling] = []
    for (index, provider) in providers.enumerated() {
      controllers.append(Self.controller(for: provider, index, core))
    }
    stagingProviders = controllers
    if let residence = configuration.residence {
      for controller in controllers { controller.reside(below: residence) }
    }
    core.controllers.withLock { [controllers] in $0 = controllers }
    try Self.check(controllers)
  }

  /// The only place where a provider's type is opened.
  private static func controller<P: Provider>(
    for provider: P, _ index: Int, _ core: Core
  ) -> any Controlling {
    Controller(provider, index: index, core: core)
  }

  private static func check(_ controllers: [any Controlling]) throws(EngineError) {
    var names: Set<String> = []
    var kinds: [KindName: String] = [:]
    for controller in controllers {
      guard names.insert(controller.name).inserted else {
        throw EngineError(
          .configuration, "two providers are named \(controller.name)",
          remedy: "give one of them another name")
      }
      for kind in controller.kinds + controller.definitions {
        if let other = kinds.updateValue(controller.name, forKey: kind.name) {
          throw EngineError(
            .configuration, "\(kind.name) is served by \(other) and by \(controller.name)",
            remedy: "give one of the kinds another name")
        }
      }
    }
  }

  /// The kinds that there are where this is declared: also those that its definitions define.
  ///
  /// Where a definition is wrong its provider's own kinds remain; `validate` says what is wrong.
  public func kinds(in snapshot: Snapshot, unit: String) -> [KindDescription] {
    stagingProviders.flatMap(\.definitions)
      + stagingProviders.flatMap { $0.kinds(in: snapshot, of: Unit(unit)) }
  }

  /// The kinds that the providers serve by themselves, definitions first.
  public var kinds: [KindDescription] {
    stagingProviders.flatMap(\.definitions) + stagingProviders.flatMap(\.kinds)
  }

  /// What the scheduler counts.
  public var schedulerMetrics: Scheduler.Metrics { core.scheduler.metrics }

  // MARK: Running

  /// Runs the engine while `body` runs, then drains it, and returns what `body` returned.
  ///
  /// For one-shot use: plan, apply. Throws `.store` where the store can't be loaded. Cancellation
  /// reaches `body`, and the drain follows.
  public func running<Answer: Sendable>(
    _ body: @Sendable (Engine) async throws -> Answer
  ) async throws -> Answer {
    try await load()
    core.world.withLock { $0.lastSeen = nil }
    let controllers = stagingProviders
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await self.core.keepingTime { await self.core.scheduler.run() } }
      group.addTask { await self.core.ledger.run { try? await self.core.time.sleep(.seconds(1)) } }
      group.addTask {
        await withDiscardingTaskGroup { workers in
          for controller in controllers { workers.addTask { await controller.run() } }
        }
        let now = self.core.time.wall()
        self.core.decide { world, effects in world.noteAll(now, &effects) }
        self.core.ledger.close()
      }
      group.addTask { await self.keepSuspensions() }
      group.addTask { await self.keepHeap() }
      let answer: Swift.Result<Answer, any Error>
      do { answer = .success(try await body(self)) } catch { answer = .failure(error) }
      suspensions.close()
      core.heap.close()
      _ = await core.scheduler.shutDown(.finishRunning)
      try await group.waitForAll()
      return try answer.get()
    }
  }

  /// Follows all units until graceful shutdown or cancellation, then drains.
  ///
  /// What runs is finished, nothing new is begun; the next start goes on where this one ended.
  public func run() async throws {
    try await run {}
  }

  /// The same; `started` is called once the store is loaded and the workers run.
  public func run(started: @Sendable () async -> Void) async throws {
    try await running { engine in
      await started()
      await engine.followUntilShutdown()
    }
  }

  /// Ends at a graceful shutdown without a task that is nobody's child, so that it can be replayed.
  private func followUntilShutdown() async {
    let end = Bell()
    await withGracefulShutdownHandler {
      await withTaskGroup { group in
        group.addTask { await self.followAll() }
        group.addTask { await end.wait() }
        await group.next()
        group.cancelAll()
      }
    } onGracefulShutdown: {
      end.ring()
    }
  }

  /// Follows one source: `follow` and `run` in one.
  public func run(
    following source: some Source, as unit: Unit = Unit("default")
  ) async throws {
    try follow(source, as: unit)
    try await run()
  }
}
