import Logging
import ServiceLifecycle
import TendEngine
import TendGit
import TendSQLite
import UnixSignals

/// An engine that keeps the tenants of a service as a directory declares them.
func makeEngine(
  keeping tenants: TenantService, as folder: String, state: String
) throws -> Engine {
  let engine = try Engine(store: .sqlite(at: state)) {
    TenantProvider(service: tenants)
  }
  let source = DirectorySource(DirectoryConfiguration(path: folder))
  try engine.follow(source, as: Unit("tenants"))
  return engine
}

/// Runs the engine beside other services until SIGTERM or SIGINT; what is under way is finished.
func serve(_ services: [any Service]) async throws {
  let group = ServiceGroup(
    services: services, gracefulShutdownSignals: [.sigterm, .sigint],
    logger: Logger(label: "operator"))
  try await group.run()
}
