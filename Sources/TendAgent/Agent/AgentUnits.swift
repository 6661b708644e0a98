private import Glibc
import Logging
private import Synchronization
import Tend
import TendEngine

/// The units of a running agent, as its configuration says now.
///
/// The configuration may change while the agent runs. A new one is taken whole or not at all: where
/// it can't be used, the old one stays in force, and `document` says why.
final class AgentUnits: Sendable {
  private struct State {
    var configuration: AgentConfiguration
    var readAt: Timestamp
    var problem: Failure?
    var deferred: [String] = []
  }

  private let engine: Engine
  private let logger: Logger
  private let version: String
  private let startedAt: Timestamp
  private let state: Mutex<State>

  init(_ configuration: AgentConfiguration, engine: Engine, logger: Logger, version: String) {
    self.engine = engine
    self.logger = logger
    self.version = version
    startedAt = .wallClock
    state = Mutex(State(configuration: configuration, readAt: startedAt))
  }

  /// Who the agent is, and what it was configured to do.
  var document: AgentDocument {
    let state = state.withLock { $0 }
    let configuration = state.configuration.source.map { source in
      ConfigurationDocument(
        path: source.file.path, readAt: state.readAt, problem: state.problem,
        deferred: state.deferred)
    }
    return AgentDocument(
      pid: getpid(), startedAt: startedAt, version: version,
      units: state.configuration.units.map(\.name), configuration: configuration)
  }

  /// Follows the units that there are at the start.
  ///
  /// A configuration file says all units that there are; what was followed before and is not among
  /// them leaves. The engine's store is loaded.
  func begin() async throws {
    let configuration = state.withLock { $0.configuration }
    if configuration.source != nil {
      let names = configuration.units.map(\.name)
      try await engine.retain(units: names, renamed: configuration.renames)
    }
    try Origins(configuration.units).save(in: configuration.state)
    for unit in configuration.units { try follow(unit) }
  }

  /// Reads the configuration again, and follows what it says from now on.
  func reload() async {
    let old = state.withLock { $0.configuration }
    guard let source = old.source else { return }
    do throws(Failure) {
      let new = try source.file.read(state: old.state)
      try await replace(old, by: new)
      note(new, deferred: new.fieldsThatDiffer(from: source.lasting))
    } catch {
      refuse(error, source.file.path)
    }
  }

  private func replace(
    _ old: AgentConfiguration, by new: AgentConfiguration
  ) async throws(Failure) {
    let before = Dictionary(old.units.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    let names = new.units.map(\.name)
    let leaving = old.units.filter { !names.contains($0.name) }
    for unit in leaving { await engine.unfollow(unit: unit.name) }
    do {
      try await engine.retain(units: names, renamed: new.renames)
      try Origins(new.units).save(in: new.state)
    } catch {
      for unit in leaving { try? follow(unit) }
      throw Failure(error)
    }
    for unit in new.units where before[unit.name]?.written != unit.written {
      if before[unit.name] != nil { await engine.unfollow(unit: unit.name) }
      try follow(unit)
    }
  }

  private func follow(_ unit: UnitConfiguration) throws(Failure) {
    do {
      try engine.follow(unit.source(logger: logger), as: unit.unit)
    } catch {
      throw Failure(error)
    }
  }

  private func note(_ new: AgentConfiguration, deferred: [String]) {
    state.withLock { state in
      // What waits for the next start is compared with what this one began with.
      var configuration = new
      configuration.source = new.source.map { source in
        AgentConfiguration.Source(
          file: source.file, stamp: source.stamp,
          lasting: state.configuration.source?.lasting ?? source.lasting)
      }
      state = State(configuration: configuration, readAt: .wallClock, deferred: deferred)
    }
    logger.info(
      "configuration read", metadata: ["units": "\(new.units.map(\.name).joined(separator: ","))"])
    if !deferred.isEmpty {
      logger.warning(
        "part of the configuration takes effect at the next start",
        metadata: ["fields": "\(deferred.joined(separator: ","))"])
    }
  }

  private func refuse(_ failure: Failure, _ path: String) {
    state.withLock { $0.problem = failure }
    let first = failure.diagnostics.first.map { "\($0.diagnostic)" } ?? "\(failure)"
    logger.error(
      "configuration can't be used, the old one stays in force",
      metadata: ["file": "\(path)", "message": "\(first)"])
  }
}

extension AgentConfiguration {
  /// The new names of units by their old ones.
  fileprivate var renames: [String: String] {
    Dictionary(
      units.compactMap { unit in unit.formerName.map { ($0, unit.name) } },
      uniquingKeysWith: { $1 })
  }

  /// The fields that take effect only at the next start, and say another thing than before.
  fileprivate func fieldsThatDiffer(from before: Value.Fields) -> [String] {
    guard let lasting = source?.lasting else { return [] }
    let names = Set((before.entries + lasting.entries).map(\.key))
    return names.filter { before[$0] != lasting[$0] }.sorted()
  }
}
