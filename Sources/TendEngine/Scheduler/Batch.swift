extension Scheduler {
  /// What one worker holds: up to 64 tickets, taken and finished together in one lock hold.
  ///
  /// Each worker has one for its life and hands it to `Scheduler.next(_:)` again and again. Between
  /// two calls it works through the tickets, in order, and says how each ended; a ticket of which
  /// it says nothing is given back unstarted. A batch counts as one run against the limits, since
  /// its tickets run one after another.
  ///
  /// The size adapts: it starts at 1 and doubles while a batch takes less than `Batch.target`, and
  /// halves when it takes longer, so that slow runs are spread over all workers and an urgent key
  /// does not wait behind a long batch.
  public struct Batch: Sendable {
    /// The largest number of tickets.
    public static let largest = 64
    /// How long a batch should take: 100 µs, above which the lock costs nothing to speak of.
    public static let target: Duration = .microseconds(100)
    /// How many tickets are taken to be settled together: what is urgent waits for no more.
    public static let settled = 16

    struct Entry: Sendable {
      let ticket: Ticket
      var disposition = Disposition.unstarted
    }

    /// The lane that it takes from.
    public let lane: Lane
    /// The caller's name for the worker, seen in `Scheduler.Run`.
    public let worker: UInt32
    /// Whether what it holds is served by one request, so that the next one is to be as large as
    /// may be, however long this one took.
    public var isServedTogether = false
    /// Whether what it held was mostly made durable together at its end, so that the next one is to
    /// be of that size, however long this one took.
    public var isSettledTogether = false
    /// Time for each batch from the moment it is taken; see `Scheduler.begin(_:timeout:)`.
    public var timeout: Duration?
    let maximum: Int
    var entries: [Entry] = []
    var size = 1
    var run: UInt32?
    var takenAt: Int64 = 0
    /// Whether nothing but resyncs was ready when it was taken.
    var isRoutine = false

    /// An empty batch of a worker; `maximum` is held within 1 and 64.
    public init(
      _ lane: Lane, worker: UInt32 = 0, maximum: Int = Batch.largest, timeout: Duration? = nil
    ) {
      (self.lane, self.worker, self.timeout) = (lane, worker, timeout)
      self.maximum = min(max(1, maximum), Self.largest)
      entries.reserveCapacity(self.maximum)
    }

    /// Number of tickets.
    public var count: Int { entries.count }

    /// The tickets, in the order in which they are to be run.
    public subscript(position: Int) -> Ticket { entries[position].ticket }

    /// Says how the run of one ticket ended; in force with the next exchange.
    public mutating func finish(_ position: Int, _ disposition: Disposition) {
      entries[position].disposition = disposition
    }

    /// Whether its worker is soon back for what it left: nobody else need be woken.
    var isQuickRoutine: Bool { isRoutine && size > 1 }

    /// Learns from the time since it was taken.
    mutating func adapt(now: Int64) {
      guard !entries.isEmpty else { return }
      if isServedTogether {
        size = maximum
        return
      }
      if isSettledTogether {
        size = min(maximum, Self.settled)
        return
      }
      let took = now &- takenAt
      size = took > 100_000 ? max(1, min(size, entries.count) / 2) : min(maximum, size * 2)
    }
  }
}
