/// One lane: its limit, who works and who sleeps there, how much is ready, and its counters.
struct LaneState: BitwiseCopyable {
  /// Runs at once.
  var limit: Int
  /// Runs under way that count against the limit.
  var busy = 0
  /// Workers that wait for something to do and have not been woken.
  var sleeping = 0
  /// Workers that were woken and have not come back for work yet.
  var waking = 0
  /// Keys taken since another lane that shares the total limit had its turn.
  var turn = 0
  /// Ready keys of each priority.
  var ready: SIMD4<UInt32> = .zero
  var waiting = 0
  var running = 0
  var counts = Scheduler.Counts()

  @inline(__always)
  var readyCount: Int { Int(ready.wrappedSum()) }
}

/// One run: what a worker holds, be it one key or a batch.
struct RunState {
  var lane: Int
  /// The key that the worker is at, as far as it has said so.
  var ticket: Scheduler.Ticket
  var worker: UInt32
  /// Nanoseconds; `Int64.max` without one.
  var deadline: Int64
  /// When the deadline was set.
  var since: Int64 = 0
  /// False once a hanging run was given up: it keeps its key and frees its place.
  var counts: Bool
  var isActive: Bool
}
