private import Glibc
public import Logging
public import ServiceLifecycle
public import Tend
public import TendEngine
import TendSQLite

/// A GitOps agent: an engine that follows its units, and a socket where `tend` asks it.
///
/// A service: run it in a `ServiceGroup`, whose graceful shutdown lets it finish what it does.
public struct Agent: Service {
  private let configuration: AgentConfiguration
  private let providers: [any Provider]
  private let logger: Logger
  private let version: String
  private let requests = ReloadRequests()

  /// Checks the configuration; nothing is opened or fetched yet.
  ///
  /// `version` is what the agent says about itself on its socket.
  public init(
    _ configuration: AgentConfiguration, providers: [any Provider],
    logger: Logger = Logger(label: "tend"), version: String = ""
  ) throws(Failure) {
    try configuration.check()
    self.configuration = configuration
    self.providers = providers
    self.logger = logger
    self.version = version
  }

  /// Follows the units until graceful shutdown, then drains.
  ///
  /// Throws where the state directory is in use, the store can't be opened, or a source can't be;
  /// later where the state directory is deleted or replaced.
  public func run() async throws {
    let backups = self.backups
    let store = try openStore()
    let metrics = AgentMetrics(version: version)
    let engine = try engine(on: store, backups, metrics, Deaths(of: configuration.state))
    let units = AgentUnits(configuration, engine: engine, logger: logger, version: version)
    try await engine.load()
    try await units.begin()
    let answers = AgentAnswers(engine, units, metrics, in: configuration.state)
    let server = try ControlServer(
      stateDirectory: configuration.state.path, logger: logger, answer: answers.answer)
    // In this order they start; they are shut down in the opposite one, so that the engine drains
    // when nobody can ask it for more.
    let supervisor = Supervisor()
    var services: [any Service] = [
      EngineService(engine: engine) {
        await supervisor?.insist(on: .ready, clock: ContinuousClock())
      },
      BackupSweeper(backups, engine: engine, clock: ContinuousClock()),
      StateWatch(configuration.state, clock: ContinuousClock()),
    ]
    if let source = configuration.source {
      services.append(
        ConfigurationWatch(source, units, requests, supervisor, clock: ContinuousClock()))
    }
    if let path = configuration.metricsFile {
      services.append(
        MetricsFile(at: path, clock: ContinuousClock(), logger: logger) {
          metrics.text(of: engine)
        })
    }
    services.append(server)
    if let group = configuration.readers {
      services.append(
        try ReadersSocket.server(
          for: group, of: configuration.state, logger: logger, answer: answers.answer))
    }
    if let supervisor {
      services.append(
        Pulse(
          supervisor, clock: ContinuousClock(), logger: logger, vitals: engine.vitals,
          units: engine.units))
    }
    var group = ServiceGroupConfiguration(services: services, logger: logger)
    group.maximumGracefulShutdownDuration = configuration.drain
    logger.info(
      "agent runs",
      metadata: [
        "units": "\(configuration.units.map(\.name).joined(separator: ","))",
        "state": "\(configuration.state.path)", "pid": "\(getpid())",
      ])
    try await ServiceGroup(configuration: group).run()
    if configuration.stopsOnExit { await engine.vacate() }
    await store.close()
    logger.info("agent stopped")
  }

  /// Reads the configuration again, soon, and follows what it says then: for SIGHUP.
  ///
  /// Without effect where the configuration came from no file, and while the agent does not run.
  public func reload() { requests.add() }

  /// Whether the configuration came from a file, and may be read again.
  public var canReload: Bool { configuration.source != nil }

  /// Takes in the newest revision of every unit, waits until each has converged, and returns: for
  /// `--once`.
  ///
  /// Units on which others depend come first; `report` is called as each has ended, or could not
  /// be begun, which keeps no other from its turn. What another unit had to let go of first is
  /// asked for again. Throws where the store can't be opened, or a unit can't be followed. The
  /// answer is what became of what is kept running, where the configuration says that nothing is to
  /// go on.
  public func converge(
    progress: @escaping @Sendable (ProgressDocument) -> Void,
    report: @escaping @Sendable (_ unit: String, Result<ReportDocument, Failure>) -> Void
  ) async throws -> Engine.Vacated {
    let store = try openStore()
    let engine = try engine(on: store, backups, AgentMetrics(version: version))
    let units = AgentUnits(configuration, engine: engine, logger: logger, version: version)
    try await engine.load()
    try await units.begin()
    let names = UnitOrder(configuration.units).names
    try await engine.running { engine in
      try await UnitRounds(engine, progress: progress, report: report).converge(names)
    }
    let vacated = configuration.stopsOnExit ? await engine.vacate() : Engine.Vacated()
    await store.close()
    return vacated
  }

  private func openStore() throws -> SQLiteStore {
    let store = try SQLiteStore(
      at: configuration.state.path, retention: configuration.retention)
    if let recovery = store.recovery {
      logger.error("store recovered", metadata: ["recovery": "\(recovery)"])
    }
    backups.removeTraces()
    return store
  }

  private func engine(
    on store: SQLiteStore, _ backups: BackupDirectory, _ metrics: AgentMetrics,
    _ deaths: Deaths? = nil
  ) throws -> Engine {
    var engineConfiguration = Engine.Configuration()
    engineConfiguration.marks = deaths
    engineConfiguration.concurrency = configuration.concurrency
    engineConfiguration.backups = backups
    engineConfiguration.metrics = metrics.factory
    engineConfiguration.secrets = Secrets.read
    engineConfiguration.residence = Residence(
      directory: configuration.state.path, isAgent: true)
    engineConfiguration.claims = ClaimsDirectory(of: configuration.state)
    engineConfiguration.brake = Brake(of: configuration.state).read
    return try Engine(
      store: store, configuration: engineConfiguration, logger: logger, providers: providers)
  }

  private var backups: BackupDirectory {
    BackupDirectory(at: configuration.state.backups, rotation: configuration.rotation)
  }
}
