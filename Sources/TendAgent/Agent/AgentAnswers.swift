import Tend
import TendEngine
import TendManifest

/// Answers what commands ask of a running agent.
struct AgentAnswers: Sendable {
  private let engine: Engine
  private let units: AgentUnits
  private let metrics: AgentMetrics
  private let state: StateDirectory

  init(
    _ engine: Engine, _ units: AgentUnits, _ metrics: AgentMetrics, in state: StateDirectory
  ) {
    self.engine = engine
    self.units = units
    self.metrics = metrics
    self.state = state
  }

  @Sendable func answer(
    _ request: ControlRequest, _ peer: ControlPeer,
    _ progress: @escaping @Sendable (ProgressDocument) -> Void
  ) async throws -> Value {
    switch request {
    case .agent:
      var document = units.document
      let polled = engine.polled
      if !polled.isEmpty { document.polled = polled }
      return try ValueEncoder().encode(document)
    case .metrics:
      return .string(metrics.text(of: engine))
    case .changed(let version):
      guard let version else { return .integer(engine.version) }
      return .integer(await engine.changed(since: version, within: .seconds(25)))
    case .plan(let desired):
      return try ValueEncoder().encode(PlanDocument(try await prepare(desired).plan))
    case .apply(let desired, let digest):
      return try await apply(desired, digest: digest, by: peer.userName, progress)
    default:
      let answers = EngineAnswers(engine, in: state)
      return try await answers.answer(request.attributed(to: peer)) ?? .null
    }
  }

  private func prepare(_ desired: DesiredFiles) async throws -> PreparedPlan {
    let identity = units.document
    guard !identity.units.contains(desired.unit) else { throw identity.refusal(of: desired.unit) }
    var policy = Unit.Policy()
    policy.prunes = desired.prunes
    policy.allowedDeletions = desired.allowedDeletions
    policy.root = desired.root
    return try await engine.prepare(
      desired.snapshot(), for: Unit(desired.unit, policy: policy), claiming: desired.isClaiming)
  }

  private func apply(
    _ desired: DesiredFiles, digest: String, by user: String,
    _ progress: @escaping @Sendable (ProgressDocument) -> Void
  ) async throws -> Value {
    let prepared = try await prepare(desired)
    guard prepared.plan.digest == digest else {
      throw Failure(
        "Moved", "the world has changed since the plan was shown",
        remedy: "look at the new plan and apply that")
    }
    let report = try await engine.apply(prepared, by: user) { progress(ProgressDocument($0)) }
    return try ValueEncoder().encode(ReportDocument(report))
  }
}

extension ControlRequest {
  /// The same by whom the kernel says; a peer may only add on whose behalf it asks.
  func attributed(to peer: ControlPeer) -> ControlRequest {
    func name(_ user: String) -> String {
      user.hasPrefix("\(peer.userName), ") ? user : peer.userName
    }
    switch self {
    case .suspend(let unit, let resource, let note, let until, let user):
      return .suspend(unit: unit, resource: resource, note: note, until: until, by: name(user))
    case .restore(let path, let number, let user):
      return .restore(path: path, number: number, by: name(user))
    case .resume(let unit, let resource, let user):
      return .resume(unit: unit, resource: resource, by: name(user))
    default: return self
    }
  }
}

extension AgentDocument {
  /// Why nothing else may be applied to a unit that this agent follows.
  public func refusal(of unit: String) -> Failure {
    Failure(
      "Followed",
      "unit \(unit) is followed by the agent with pid \(pid), which runs since \(startedAt)",
      remedy: "commit the change to its source, or stop the agent; it would undo this")
  }
}
