private import Glibc
public import Logging
public import ServiceLifecycle
public import Tend
import TendEngine
import TendSQLite

/// A GitOps agent: an engine that follows its units, and a socket where `tend` asks it.
///
/// A service: run it in a `ServiceGroup`, whose graceful shutdown lets it finish what it does.
public struct Agent: Service {
  private let configuration: AgentConfiguration
  private let providers: [any Provider]
  private let logger: Logger
  private let version: String

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
  /// Throws where the state directory is in use, the store can't be opened, or a source can't be.
  public func run() async throws {
    let backups = self.backups
    let store = try openStore()
    let metrics = AgentMetrics(version: version)
    let engine = try engine(on: store, backups, metrics)
    let answers = AgentAnswers(engine, identity, metrics)
    let server = try ControlServer(
      stateDirectory: configuration.state.path, logger: logger, answer: answers.answer)
    let sweeper = BackupSweeper(backups, engine: engine, clock: ContinuousClock())
    // In this order they start; they are shut down in the opposite one, so that the engine drains
    // when nobody can ask it for more.
    var services: [any Service] = [engine, sweeper]
    if let path = configuration.metricsFile {
      services.append(
        MetricsFile(at: path, clock: ContinuousClock(), logger: logger) {
          metrics.text(of: engine)
        })
    }
    services.append(server)
    var group = ServiceGroupConfiguration(services: services, logger: logger)
    group.maximumGracefulShutdownDuration = configuration.drain
    logger.info(
      "agent runs",
      metadata: [
        "units": "\(configuration.units.map(\.name).joined(separator: ","))",
        "state": "\(configuration.state.path)", "pid": "\(getpid())",
      ])
    try await ServiceGroup(configuration: group).run()
    await store.close()
    logger.info("agent stopped")
  }

  /// Takes in the newest revision of every unit, waits until each has converged, and returns: for
  /// `--once`.
  public func converge(
    progress: @escaping @Sendable (ProgressDocument) -> Void
  ) async throws -> [(unit: String, report: ReportDocument)] {
    let store = try openStore()
    let engine = try engine(on: store, backups, AgentMetrics(version: version))
    let names = configuration.units.map(\.name)
    let reports = try await engine.running { engine in
      var reports: [(String, ReportDocument)] = []
      for name in names {
        let report = try await engine.converge(unit: name) { progress(ProgressDocument($0)) }
        reports.append((name, ReportDocument(report)))
      }
      return reports
    }
    await store.close()
    return reports
  }

  private func openStore() throws -> SQLiteStore {
    let store = try SQLiteStore(
      at: configuration.state.path, retention: configuration.retention)
    if let recovery = store.recovery {
      logger.error("store recovered", metadata: ["recovery": "\(recovery)"])
    }
    return store
  }

  private func engine(
    on store: SQLiteStore, _ backups: BackupDirectory, _ metrics: AgentMetrics
  ) throws -> Engine {
    var engineConfiguration = Engine.Configuration()
    engineConfiguration.concurrency = configuration.concurrency
    engineConfiguration.backups = backups
    engineConfiguration.metrics = metrics.factory
    engineConfiguration.brake = Brake(of: configuration.state).read
    let engine = try Engine(
      store: store, configuration: engineConfiguration, logger: logger, providers: providers)
    try Origins(configuration.units).save(in: configuration.state)
    for unit in configuration.units {
      try engine.follow(unit.source(logger: logger), as: Unit(unit.name, policy: unit.policy))
    }
    return engine
  }

  private var backups: BackupDirectory {
    BackupDirectory(at: configuration.state.backups, rotation: configuration.rotation)
  }

  private var identity: AgentDocument {
    AgentDocument(
      pid: getpid(), startedAt: .wallClock, version: version,
      units: configuration.units.map(\.name))
  }
}
