public import Tend
public import TendEngine

/// Answers requests about what an engine knows: the same in a running agent and on a store alone.
public struct EngineAnswers: Sendable {
  private let engine: Engine
  private let backups: BackupDirectory

  /// Answers for this engine, and what is kept in a state directory.
  public init(_ engine: Engine, in state: StateDirectory) {
    self.engine = engine
    backups = BackupDirectory(at: state.backups)
  }

  /// The answer as a plain value; nil for requests that are not about the engine alone.
  public func answer(_ request: ControlRequest) async throws(Failure) -> Value? {
    do {
      return try await value(for: request)
    } catch {
      throw Failure(error)
    }
  }

  private func value(for request: ControlRequest) async throws -> Value? {
    switch request {
    case .units:
      return try encode(ItemList(engine.units()))
    case .resources(let unit, let resource):
      return try encode(ItemList(engine.resources(Selection(unit: unit, resource: resource))))
    case .diff(let unit, let resource):
      let plans = try await engine.diff(Selection(unit: unit, resource: resource))
      return try encode(ItemList(plans.map(PlanDocument.init)))
    case .events(let unit, let resource, let after, let limit):
      let query = EventQuery(unit: unit, resource: resource, after: after, limit: limit)
      return try encode(ItemList(try await engine.events(query)))
    case .eventsAfter(let unit, let resource, let number, let limit):
      return try encode(
        try await engine.events(after: number, unit: unit, resource: resource, limit: limit))
    case .revisions(let unit, let limit):
      return try encode(ItemList(try await engine.revisions(of: unit, limit: limit)))
    case .approve, .forget, .reconcile, .refresh, .heedBrake:
      return try await act(on: request)
    case .suspend(let unit, let resource, let note, let until, let user):
      return try encode(
        try await engine.suspend(
          Selection(unit: unit, resource: resource), note: note, by: user, until: until))
    case .resume(let unit, let resource, let user):
      let ended = try await engine.resume(Selection(unit: unit, resource: resource), by: user)
      return try encode(ItemList(ended.map { [$0] } ?? []))
    case .restart(let unit, let resource):
      let selection = Selection(unit: unit, resource: resource)
      return try encode(ItemList(try await engine.restart(selection)))
    case .logs(let unit, let resource):
      return try encode(ItemList(engine.logs(Selection(unit: unit, resource: resource))))
    case .backups(let path):
      return try encode(ItemList(path.map(backups.backups(at:)) ?? backups.all))
    case .restore(let path, let number, let user):
      return try encode(try await restore(path, number, by: user))
    case .agent, .metrics, .changed, .plan, .apply:
      return nil
    }
  }

  private func act(on request: ControlRequest) async throws -> Value? {
    switch request {
    case .approve(let unit, let revision):
      return .string(try await engine.approve(unit: unit, revision: revision))
    case .forget(let unit, let resource):
      return try encode(try await engine.forget(Selection(unit: unit, resource: resource)))
    case .reconcile(let unit, let resource):
      try engine.reconcile(Selection(unit: unit, resource: resource))
    case .refresh(let unit):
      try engine.refresh(unit: unit)
    case .heedBrake:
      await engine.heedBrake()
    default:
      return nil
    }
    return .null
  }

  private func restore(
    _ path: String, _ number: Int64, by user: String
  ) async throws -> RestoreDocument {
    guard let record = backups.backups(of: path).first(where: { $0.number == number }) else {
      throw Failure(
        "NotFound", "there is no backup \(number) of \(path)",
        remedy: "`tend restore \(path) --list` shows what there is")
    }
    let restored = try await backups.withBackup(record) { backup in
      try await engine.restore(
        backup, to: path, "restored as it was until \(record.time)", by: user)
    }
    return RestoreDocument(record, restored)
  }

  private func encode(_ value: some Encodable) throws -> Value {
    try ValueEncoder().encode(value)
  }
}
