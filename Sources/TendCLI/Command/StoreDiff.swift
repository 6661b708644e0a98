import Tend
import TendAgent
import TendEngine
import TendSQLite

/// Desired against actual where no agent runs: what is in force is read again where it came from.
struct StoreDiff {
  private let session: Session
  private let state: StateDirectory
  private let showsPrivate: Bool

  init(_ session: Session, _ state: StateDirectory, showsPrivate: Bool = false) {
    self.session = session
    self.state = state
    self.showsPrivate = showsPrivate
  }

  /// What would bring a unit back to the revision that is in force.
  func plan(of unit: UnitStatus) async throws -> Plan {
    let (snapshot, unit) = try await snapshot(of: unit)
    var configuration = Engine.Configuration()
    configuration.showsPrivate = showsPrivate
    let engine = try session.engine(
      SQLiteStore(at: state.path, mode: .readOnly), configuration: configuration, on: state)
    return try await engine.running { engine in
      try await engine.prepare(snapshot, for: unit).plan
    }
  }

  private func snapshot(of unit: UnitStatus) async throws -> (Snapshot, Unit) {
    guard let revision = unit.revision,
      let configuration = Origins(in: state).unit(named: unit.name, in: state)
    else { throw missing(unit.name, "it was not kept where they came from") }
    do {
      var policy = Unit.Policy()
      policy.root = configuration.policy.root
      return (
        try await configuration.snapshot(of: revision), Unit(unit.name, policy: policy)
      )
    } catch {
      throw missing(unit.name, Failure(error).message)
    }
  }

  private func missing(_ unit: String, _ why: String) -> Failure {
    Failure(
      "NoAgent", "no agent runs, and the declarations of unit \(unit) can't be read again: \(why)",
      remedy: "start the agent, or compare a directory with tend plan -f")
  }
}

extension Plan {
  /// The plan with the changes of these resources alone.
  func only(_ what: String) -> Plan {
    func isMeant(_ reference: Reference) -> Bool {
      let text = what.lowercased()
      return text == reference.kind.kind.lowercased() || reference.matches(what)
        || text == reference.description.lowercased()
    }
    var plan = self
    plan.changes.removeAll { !isMeant($0.reference) }
    plan.renamed.removeAll { !isMeant($0.reference) }
    plan.errors.removeAll { !isMeant($0.reference) }
    return plan
  }
}
