import Tend
import TendAgent
import TendEngine
import TendSQLite

/// Who answers: a running agent, or the engine of this process on the store alone.
///
/// Both understand the same requests, so a verb need not know which one it is.
enum Access: Sendable {
  case agent(ControlClient, AgentDocument)
  case store(EngineAnswers)

  /// Whether an agent runs.
  var isAgent: Bool {
    if case .agent = self { true } else { false }
  }

  /// The agent that answers, if one does.
  var agent: AgentDocument? {
    if case .agent(_, let agent) = self { agent } else { nil }
  }

  /// Asks, and decodes the answer.
  func ask<Answer: Decodable & Sendable>(
    _ request: ControlRequest, as type: Answer.Type
  ) async throws -> Answer {
    switch self {
    case .agent(let client, _):
      return try await client.ask(request, as: type)
    case .store(let answers):
      guard let value = try await answers.answer(request) else {
        throw Failure("NoAgent", "this needs a running agent", remedy: "start one with tend agent")
      }
      return try ValueDecoder().decode(type, from: value)
    }
  }

  func units() async throws -> [UnitStatus] {
    try await ask(.units, as: ItemList<UnitStatus>.self).items
  }

  /// What a word means that may be a unit or `KIND/NAME`.
  func target(_ what: String, unit: String?) async throws -> Target {
    guard what.contains("/") else { return .unit(try await self.unit(named: what)) }
    return .resource(try await resource(what, unit: unit))
  }

  enum Target: Sendable {
    case unit(String)
    case resource(ResourceStatus)

    /// For a sentence.
    var name: String {
      switch self {
      case .unit(let name): "unit \(name)"
      case .resource(let resource): resource.reference
      }
    }

    /// As an argument of a command.
    var argument: String {
      switch self {
      case .unit(let name): name
      case .resource(let resource): resource.reference
      }
    }

    var unit: String {
      switch self {
      case .unit(let name): name
      case .resource(let resource): resource.unit
      }
    }

    /// Qualified, so that it means this one alone.
    var resource: String? {
      if case .resource(let found) = self { "\(found.apiVersion)/\(found.reference)" } else { nil }
    }
  }

  func resources(unit: String?, resource: String?) async throws -> [ResourceStatus] {
    try await ask(
      .resources(unit: unit, resource: resource), as: ItemList<ResourceStatus>.self
    ).items
  }

  /// The unit that is meant: the one that was named, or the only one.
  func unit(named name: String?) async throws -> String {
    let units = try await units().map(\.name)
    if let name {
      if units.contains(name) { return name }
      throw Failure(
        "NotFound", "there is no unit \(name)",
        remedy: units.isEmpty ? nil : "the units are \(Self.list(units))")
    }
    if let only = units.first, units.count == 1 { return only }
    throw Failure(
      units.isEmpty ? "NotFound" : "Ambiguous",
      units.isEmpty ? "there is no unit yet" : "there are several units",
      remedy: units.isEmpty
        ? "make one with tend apply or tend agent" : "name one with -u: \(Self.list(units))")
  }

  /// The one resource that is meant.
  func resource(_ name: String, unit: String?) async throws -> ResourceStatus {
    let found = try await resources(unit: unit, resource: name)
    if let only = found.first, found.count == 1 { return only }
    if found.isEmpty {
      throw Failure("NotFound", "there is no \(name)", remedy: "tend get lists what there is")
    }
    let names = Set(found.map { "\($0.apiVersion)/\($0.reference) in unit \($0.unit)" }).sorted()
    throw Failure(
      "Ambiguous", "\(name) names \(found.count) resources",
      remedy: "say which, with -u and with the kind's group: \(Self.list(names))")
  }

  private static func list(_ names: [String]) -> String {
    names.isEmpty ? "there is none" : names.prefix(10).joined(separator: ", ")
  }
}

extension Session {
  /// Runs a body with whoever answers about this state directory, for requests that change nothing.
  func reading<Result: Sendable>(
    _ state: StateOptions, _ body: @Sendable (Access) async throws -> Result
  ) async throws -> Result {
    let client = ControlClient(stateDirectory: state.directory.path)
    if let agent = try await client.agent() { return try await body(.agent(client, agent)) }
    let store = try stored(state)
    var configuration = Engine.Configuration()
    configuration.brake = Brake(of: state.directory).read
    let engine = try engine(store, configuration: configuration, on: state.directory)
    try await engine.load()
    return try await body(.store(EngineAnswers(engine, in: state.directory)))
  }

  /// The same for requests that change something: without an agent the store is opened for writing.
  func changing<Result: Sendable>(
    _ state: StateOptions, _ body: @escaping @Sendable (Access) async throws -> Result
  ) async throws -> Result {
    let client = ControlClient(stateDirectory: state.directory.path)
    if let agent = try await client.agent() { return try await body(.agent(client, agent)) }
    // Nothing is made for a request about what is not there.
    _ = try stored(state)
    return try await writing(to: state.directory) { engine in
      try await body(.store(EngineAnswers(engine, in: state.directory)))
    }
  }

  /// The store of a directory, for reading.
  private func stored(_ state: StateOptions) throws -> SQLiteStore {
    do {
      return try SQLiteStore(at: state.directory.path, mode: .readOnly)
    } catch {
      guard error.code == .missing else { throw error }
      throw Failure(
        ControlClient.absent,
        "no agent runs on \(state.directory.path), and nothing is stored there",
        remedy: "start one with tend agent, or name another directory with --state-dir")
    }
  }
}
