import ServiceLifecycle
import TendEngine

/// Reads the configuration again when it is asked to, and when its file has changed.
///
/// The file is looked at every two seconds: one system call, which also sees what no event tells,
/// such as a link on the way that leads elsewhere.
struct ConfigurationWatch<C: Clock<Duration>>: Service {
  private let source: AgentConfiguration.Source
  private let units: AgentUnits
  private let requests: ReloadRequests
  private let supervisor: Supervisor?
  private let clock: C

  init(
    _ source: AgentConfiguration.Source, _ units: AgentUnits, _ requests: ReloadRequests,
    _ supervisor: Supervisor?, clock: C
  ) {
    self.source = source
    self.units = units
    self.requests = requests
    self.supervisor = supervisor
    self.clock = clock
  }

  func run() async throws {
    let threads = BlockingThreads(limit: 2)
    defer { threads.close() }
    await withTaskExecutorPreference(threads) {
      await cancelWhenGracefulShutdown { await watch() }
    }
  }

  private func watch() async {
    await withDiscardingTaskGroup { group in
      group.addTask { for await _ in requests.stream { await reload() } }
      var changes = FileChanges(known: source.stamp)
      while (try? await clock.sleep(for: .seconds(2))) != nil {
        if changes.see(FileStamp(at: source.file.path)) { requests.add() }
      }
    }
  }
}

extension ConfigurationWatch {
  private func reload() async {
    supervisor?.tellReloading()
    await units.reload()
    await supervisor?.insist(on: .ready, clock: clock)
  }
}

/// Requests to read the configuration again; many at once are one.
struct ReloadRequests: Sendable {
  let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() {
    (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func add() { continuation.yield() }
}
