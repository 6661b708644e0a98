public import Tend
internal import TendEngine

/// Tries a provider under everything that can go wrong, and throws where it breaks a law.
///
/// The kit takes the engine's part: it observes, applies and observes again, and in each of some
/// hundred histories something else goes wrong: the process dies at a boundary, a reply is lost or
/// slow, a read is stale or overtaken, a call is cancelled or repeated, somebody else interferes.
/// After each the world must be as it would be otherwise. Then come histories that a seed draws.
/// The same arguments give the same histories.
///
/// ```swift
/// try await conform {
///   ItemWorld()
/// } provider: { world, faults in
///   ItemProvider(client: Client(server: world.server, faults: faults))
/// }
/// ```
///
/// `provider` is called again on the same world for each restart; it must share nothing with the
/// last one but that world. Throws ``ConformanceFailure`` with the report where a law is broken,
/// and ``ConformanceError`` where the samples can't be used. Cancellation ends it between two
/// histories.
@discardableResult
public func conform<World: TrialWorld, P: Provider>(
  _ settings: Conformance.Settings = .init(),
  world: @escaping @Sendable () async throws -> World,
  provider: @escaping @Sendable (World, Faults) async throws -> P
) async throws -> ConformanceReport {
  let report = try await examine(settings, world: world, provider: provider)
  guard report.breaches.isEmpty else { throw ConformanceFailure(report: report) }
  return report
}

/// The same as ``conform(_:world:provider:)``, with a report in any case.
public func examine<World: TrialWorld, P: Provider>(
  _ settings: Conformance.Settings = .init(),
  world: @escaping @Sendable () async throws -> World,
  provider: @escaping @Sendable (World, Faults) async throws -> P
) async throws -> ConformanceReport {
  let trial = try await Trial(in: world(), settings, provider)
  var examination = Examination(settings, world, provider, trial.samples)
  guard trial.provider.execution.place == .threads else {
    return try await examination.run()
  }
  let threads = BlockingThreads(count: 2, name: "conformance")
  return try await withTaskExecutorPreference(threads) { try await examination.run() }
}

/// The kit that checks providers.
public enum Conformance {
  /// What the kit can't know by itself.
  public struct Settings: Sendable {
    /// Decides the histories that chance draws.
    public var seed: UInt64 = 1
    /// How many histories chance draws besides the systematic ones.
    public var drawn = 100
    /// Texts that must turn up nowhere, besides those in fields that the schema calls sensitive.
    public var secrets: [String] = []
    /// Fields that may be missing only where another field says the same in another way.
    public var alternatives: Set<String> = []
    /// What the wall clock shows at the beginning of each history.
    ///
    /// Default: a fixed time. A provider that compares it with times of a real world, as of files,
    /// needs that world's time.
    public var epoch = Timestamp(nanoseconds: 1_790_000_000_000_000_000)
    /// Where the provider's backups go, for those that make any.
    public var backups: (any BackupStore)?
    /// What the client throws where the world can't be reached.
    public var failure: @Sendable (String) -> any Error = { InjectedFailure(name: $0) }

    /// The defaults.
    public init() {}
  }
}
