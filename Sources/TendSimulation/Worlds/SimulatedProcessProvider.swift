public import Tend

/// The processes that run under one name: one, if all is well.
public struct SimulatedProcess: Resource {
  /// Its name.
  public let id: String
  /// What carries its mark.
  public let running: [SimulatedProcesses.Running]

  /// Describes what runs under a name.
  public init(id: String, running: [SimulatedProcesses.Running]) {
    self.id = id
    self.running = running
  }

  /// The number of the first, for one whose name is not to be trusted.
  public var memory: Int? { running.first?.pid }
}

/// A process as it should be.
public struct SimulatedProcessSpec: DesiredState, Decodable {
  /// Its name.
  public let name: String
  /// What it does.
  public let command: String

  /// Its name.
  public var id: String { name }

  /// Compares the command, and that it runs once.
  public func differences(from current: SimulatedProcess?) -> [Difference] {
    compare { comparison in
      comparison.field("command", current?.running.first?.command, command)
      comparison.field("count", current?.running.count, 1)
    }
  }
}

/// Keeps simulated processes, and is right: it knows them by their mark, so none is started twice.
public struct SimulatedProcessProvider: Provider, DriftReporting {
  let client: SimulatedProcessClient

  /// A provider for one life.
  public init(client: SimulatedProcessClient) { self.client = client }

  /// `processes/v1 Process`.
  public var kinds: [Kind<SimulatedProcessSpec>] { [Self.kind] }

  /// What providers of simulated processes serve.
  public static let kind = Kind<SimulatedProcessSpec>(
    "processes/v1 Process",
    Schema(
      "A process that runs.",
      [
        .string("name", required: true, "Its name."),
        .string("command", required: true, "What it does."),
      ]))

  /// All that carry the mark.
  public func observe(
    _ target: Target<SimulatedProcessSpec>, _ context: Context
  ) async throws(ProviderError) -> SimulatedProcess? {
    let running = try await client.list(for: target.id).filter { $0.mark == target.id }
    return running.isEmpty ? nil : SimulatedProcess(id: target.id, running: running)
  }

  /// Stops what is wrong, then starts what is missing.
  public func apply(
    _ change: Change<SimulatedProcessSpec>, _ journal: Journal<SimulatedProcessSpec>,
    _ context: Context
  ) async throws(ProviderError) -> Outcome {
    switch change.action {
    case .create(let process): try await client.start(process.name, process.command)
    case .update(let found, let process), .replace(let found, let process):
      let good = found.running.first { $0.command == process.command }
      for running in found.running where running != good { try await client.stop(running) }
      if good == nil { try await client.start(process.name, process.command) }
    case .delete(let found):
      for running in found.running { try await client.stop(running) }
    }
    return .done
  }

  /// Reports deaths.
  public func watch(_ drift: Drift<String>) async throws(ProviderError) {
    await client.watch(drift)
    throw .cancelled
  }

  /// All are watched.
  public func forget(_ id: String) {}
}
