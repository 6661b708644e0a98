/// Signs of life: what tells an engine that works from one that only has not ended.
public struct Vitals: Sendable, Hashable {
  /// One provider's part.
  public struct Lane: Sendable, Hashable {
    /// The provider.
    public var provider: String
    /// Whether a resource is to be reconciled now and waits for a worker.
    public var hasWork: Bool
    /// Whether a worker is at something that is still within its deadline.
    public var isBusy: Bool
    /// How many reconciles have ended.
    public var finished: UInt64

    /// Describes a provider's part.
    public init(provider: String, hasWork: Bool, isBusy: Bool, finished: UInt64) {
      self.provider = provider
      self.hasWork = hasWork
      self.isBusy = isBusy
      self.finished = finished
    }
  }

  /// By provider.
  public var lanes: [Lane]
  /// Whether writes wait for the store, though the last attempt did not fail.
  public var hasWrites: Bool
  /// How many writes are durable.
  public var written: Int

  /// Describes an engine.
  public init(lanes: [Lane], hasWrites: Bool, written: Int) {
    self.lanes = lanes
    self.hasWrites = hasWrites
    self.written = written
  }
}

extension Engine {
  /// Signs of life at this moment.
  ///
  /// Takes the locks that all work takes: where one of them is never released, this never returns,
  /// which says the same.
  public func vitals() -> Vitals {
    _ = core.world.withLock { $0.units.count }
    let metrics = core.scheduler.metrics
    let busy = Set(core.scheduler.runs.filter { !$0.isOverdue }.map(\.lane))
    let lanes = zip(stagingProviders, metrics.lanes).map { controller, lane in
      Vitals.Lane(
        provider: controller.name, hasWork: lane.ready > 0, isBusy: busy.contains(lane.lane),
        finished: lane.counts.successes &+ lane.counts.failures)
    }
    let store = core.ledger.progress
    return Vitals(lanes: lanes, hasWrites: store.isWriting, written: store.durable)
  }
}
