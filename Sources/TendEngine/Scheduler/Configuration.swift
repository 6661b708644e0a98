extension Scheduler {
  /// What a scheduler is made with; lanes have limits of their own.
  public struct Configuration: Sendable {
    /// How long to wait after how many failures.
    public var backoff: Backoff
    /// Runs at once over all lanes; nil: the lanes' own limits are enough.
    public var totalLimit: Int?
    /// Runs of one key in one minute above which it counts as a hot loop.
    ///
    /// 60: one a second for a whole minute is more than any resync or backoff asks for.
    public var normalRunsPerMinute: Int
    /// How many delayed keys are moved in one lock hold.
    ///
    /// 1024: some 50 µs.
    var releaseBudget = 1024

    /// The defaults suit an engine with a lane for each provider.
    public init(
      backoff: Backoff = Backoff(), totalLimit: Int? = nil, normalRunsPerMinute: Int = 60
    ) {
      (self.backoff, self.totalLimit) = (backoff, totalLimit)
      self.normalRunsPerMinute = normalRunsPerMinute
    }
  }

  /// How a scheduler ends.
  public enum Shutdown: Hashable, Sendable {
    /// What runs is finished; nothing new is handed out.
    case finishRunning
    /// What runs and what is ready is finished, with what was added to running keys before.
    case finishReady
  }

  /// What became of the keys at shutdown.
  public struct ShutdownReport: Hashable, Sendable {
    /// Keys that waited for their time, or asked for a delay when their run ended: not run.
    public internal(set) var delayed = 0
    /// Keys that were ready and were not run: none after `finishReady` unless the wait was
    /// cancelled.
    public internal(set) var ready = 0
    /// Keys that still run, where waiting for them was cancelled.
    public internal(set) var running = 0
    /// Adds that were refused, of unknown handles or since the shutdown began.
    public internal(set) var refused = 0
  }
}
