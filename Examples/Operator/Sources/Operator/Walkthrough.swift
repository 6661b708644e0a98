import Foundation
import Logging
import ServiceLifecycle
import TendEngine
import TendGit

/// Shows in a few seconds what the engine does for a provider, and fails where it does not.
struct Walkthrough: Service {
  /// What did not come about in time.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let tenants: TenantService
  let engine: Engine
  let folder: URL

  /// Walks through in a temporary folder, with the engine running as a service.
  static func run() async throws {
    LoggingSystem.bootstrap { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = .warning
      return handler
    }
    let home = FileManager.default.temporaryDirectory.appending(path: "operator-\(UUID())")
    defer { try? FileManager.default.removeItem(at: home) }
    let folder = home.appending(path: "tenants")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)

    let tenants = TenantService()
    let engine = try makeEngine(
      keeping: tenants, as: folder.path(), state: home.appending(path: "state").path())
    let walkthrough = Walkthrough(tenants: tenants, engine: engine, folder: folder)
    try walkthrough.declare("acme", .business, seats: 20)
    try await serve([engine, walkthrough])
    print("drained  after SIGTERM; acme stays as it is")
  }

  /// One step after the other; each waits until the service is as it should be.
  func run() async throws {
    try await wait("created  acme: a new revision declares it") { accounts == ["acme 20"] }

    try declare("globex", .free, seats: 3)
    try await showPlan()
    try engine.refresh()
    try await wait("created  globex, as planned") { accounts == ["acme 20", "globex 3"] }

    try tenants.update("acme") { $0.seats = 1 }
    print("drifted  somebody gave acme 1 seat")
    try await wait("healed   acme has its 20 seats") { accounts == ["acme 20", "globex 3"] }

    try FileManager.default.removeItem(at: file("globex"))
    try engine.refresh()
    try await wait("pruned   globex: nothing declares it any more") { accounts == ["acme 20"] }
    try await showPlan()

    kill(getpid(), SIGTERM)
    try await gracefulShutdown()
  }

  private var accounts: [String] { tenants.accounts.map { "\($0.id) \($0.seats)" } }

  private func file(_ id: String) -> URL { folder.appending(path: "\(id).yaml") }

  private func declare(_ id: String, _ plan: Plan, seats: Int) throws {
    let manifest = """
      apiVersion: tenants/v1
      kind: Tenant
      metadata: {name: \(id)}
      spec: {id: \(id), plan: \(plan), seats: \(seats)}

      """
    try Data(manifest.utf8).write(to: file(id), options: .atomic)
  }

  /// What the engine would do now with what is declared; it does nothing.
  private func showPlan() async throws {
    let source = DirectorySource(DirectoryConfiguration(path: folder.path()))
    guard case .changed(let snapshot) = try await source.refresh(after: nil) else {
      throw Failure(description: "the manifests can't be read")
    }
    let plan = try await engine.prepare(snapshot, for: Unit("tenants")).plan
    for change in plan.changes {
      print("planned  \(change.action) \(change.reference), \(change.place)")
    }
    if plan.isEmpty { print("planned  nothing: all \(plan.unchanged) are as declared") }
  }

  private func wait(_ what: String, until isTrue: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while !isTrue() || !isReady {
      guard ContinuousClock.now < deadline else {
        let units = engine.units().flatMap(\.conditions).map { "\($0)" }.joined(separator: "\n")
        throw Failure(description: "not within 30 s: \(what); \(accounts)\n\(units)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    print(what)
  }

  private var isReady: Bool {
    engine.units().first?.condition(.ready)?.status == .yes
  }
}
