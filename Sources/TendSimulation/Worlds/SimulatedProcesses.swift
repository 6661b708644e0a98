import Synchronization
public import Tend

/// A table of processes, which outlive the agent that started them and die by themselves.
public final class SimulatedProcesses: SimulatedWorld {
  /// Makes the provider for one life of an agent.
  public typealias Maker = @Sendable (SimulatedProcessClient) -> any Provider

  /// One that runs.
  public struct Running: Sendable, Hashable {
    /// Its number; never given twice.
    public let pid: Int
    /// What it was marked with when it was started.
    public let mark: String
    /// What it does.
    public let command: String
    let isOurs: Bool
  }

  private struct State {
    var running: [Running] = []
    var lastPid = 1
    var drift: (life: Life, report: Drift<String>)?
  }

  /// `processes`.
  public let provider = "processes"
  /// The names that may be declared.
  public let identities: [String]
  private let state = Mutex(State())
  private let make: Maker

  /// A machine on which one process of somebody else runs.
  ///
  /// `provider` makes the provider that works with it; by default it is one that is right.
  public init(
    count: Int = 5,
    provider make: @escaping Maker = {
      SimulatedProcessProvider(client: $0)
    }
  ) {
    identities = (0..<count).map { "worker-\($0)" }
    self.make = make
    state.withLock { $0.running = [Running(pid: 1, mark: "init", command: "", isOurs: false)] }
  }

  /// The provider that it was made with.
  public func makeProvider(_ life: Life) -> any Provider {
    make(SimulatedProcessClient(table: self, life: life))
  }

  /// A process with one of three commands.
  public func declaration(
    of identity: String, variant: Int, dependsOn: [String]
  ) -> Declaration {
    Declaration(
      Reference(kind: "processes/v1 Process", name: identity), dependencies: dependsOn,
      spec: [
        "name": .string(identity), "command": .string(text(of: identity, variant: variant)),
      ],
      at: Place(file: "processes.yaml", line: 1, column: 1))
  }

  /// The command.
  public func text(of identity: String, variant: Int) -> String { "serve \(variant % 3)" }

  /// All that run, in the order of their start.
  public func contents() -> [SimulatedThing] {
    running.map { SimulatedThing($0.mark, $0.command, isOurs: $0.isOurs) }
  }

  /// It dies.
  public func interfere(with identity: String, _ draw: inout Draw) -> String {
    let drift = state.withLock { state in
      state.running.removeAll { $0.mark == identity }
      return state.drift
    }
    if let drift, drift.life.isReported(identity, in: provider) {
      drift.report.mayHaveChanged(identity)
    }
    return "\(identity) dies"
  }

  /// Without power, none is left but the first.
  public func suffer(_ loss: Loss, _ draw: inout Draw) -> [String] {
    state.withLock { state in
      state.drift = nil
      if loss == .machine { state.running.removeAll { $0.pid != 1 } }
    }
    return []
  }

  // MARK: For the client

  var running: [Running] { state.withLock { $0.running } }

  func start(_ mark: String, _ command: String) -> Int {
    state.withLock { state in
      state.lastPid += 1
      state.running.append(
        Running(pid: state.lastPid, mark: mark, command: command, isOurs: true))
      return state.lastPid
    }
  }

  func stop(_ pid: Int) { state.withLock { $0.running.removeAll { $0.pid == pid } } }

  func watch(_ report: Drift<String>, in life: Life) {
    state.withLock { $0.drift = (life, report) }
  }
}

/// How a provider works with simulated processes, for one life of an agent.
public struct SimulatedProcessClient: Sendable {
  let table: SimulatedProcesses
  /// The life.
  public let life: Life

  /// All that run, for one that is looked for.
  public func list(
    for identity: String
  ) async throws(ProviderError) -> [SimulatedProcesses.Running] {
    try await life.read("list processes", of: identity, in: table.provider) { table.running }
  }

  /// Starts one and answers its number.
  @discardableResult
  public func start(_ identity: String, _ command: String) async throws(ProviderError) -> Int {
    try await life.change("start \(identity)", of: identity, in: table.provider) {
      table.start(identity, command)
    }
  }

  /// Stops one; it is no error where it is gone.
  public func stop(_ process: SimulatedProcesses.Running) async throws(ProviderError) {
    try await life.change(
      "stop \(process.mark), \(process.pid)", of: process.mark, in: table.provider
    ) {
      table.stop(process.pid)
    }
  }

  /// Reports deaths until the life ends.
  public func watch(_ drift: Drift<String>) async {
    table.watch(drift, in: life)
    await life.untilItEnds()
  }
}
