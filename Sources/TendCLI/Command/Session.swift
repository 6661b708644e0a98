import Logging
import Tend
import TendAgent
import TendEngine
import TendSQLite

/// What every verb needs besides its options: the providers of this command, and where it prints.
struct Session: Sendable {
  /// Set once, around the run of a command.
  @TaskLocal static var current = Session(
    providers: { [] }, console: Console(environment: StateDirectory.variable))

  let providers: @Sendable () throws -> [any Provider]
  let console: Console

  /// An engine with this command's providers.
  ///
  /// With a state directory it can look at what providers keep there.
  func engine(
    _ store: some Store, configuration: Engine.Configuration = Engine.Configuration(),
    on state: StateDirectory? = nil
  ) throws -> Engine {
    var configuration = configuration
    if let state {
      configuration.residence = Residence(directory: state.path, isAgent: false)
      configuration.secrets = Secrets.read
      configuration.claims = ClaimsDirectory(of: state)
    }
    let logger = Logger(label: "tend") { _ in LineLog(level: .warning) }
    return try Engine(
      store: store, configuration: configuration, logger: logger, providers: try providers())
  }

  /// Runs a body with an engine that may change things, on the store of a state directory.
  ///
  /// Throws where another process has the store open for writing.
  func writing<Result: Sendable>(
    to state: StateDirectory, showingPrivate: Bool = false,
    _ body: @escaping @Sendable (Engine) async throws -> Result
  ) async throws -> Result {
    let store = try SQLiteStore(at: state.path)
    if let recovery = store.recovery { console.error("note: \(recovery)\n") }
    let backups = BackupDirectory(at: state.backups)
    backups.removeTraces()
    var configuration = Engine.Configuration()
    configuration.backups = backups
    configuration.showsPrivate = showingPrivate
    configuration.brake = Brake(of: state).read
    let engine = try engine(store, configuration: configuration, on: state)
    let result = try await engine.running(body)
    await store.close()
    return result
  }
}
