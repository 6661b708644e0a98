import Foundation
import TendEngine

/// The scheduler as the workloads use it, named by handle or by string.
///
/// Key *i* is number *i*.
protocol Queue: Sendable {
  init(_ numbers: Int, workers: Int, backoff: Backoff)
  func add(_ number: Int, priority: Scheduler.Priority, after delay: Duration)
  /// One worker's loop.
  func work(_ handle: (Int, Scheduler.Ticket) -> Scheduler.Disposition) async
  func run() async
  func shutDown(_ mode: Scheduler.Shutdown) async -> Scheduler.ShutdownReport
  var metrics: Scheduler.Metrics { get }
  /// Bytes that the names of the keys take, in the caller's hands.
  var nameBytes: Double { get }
}

extension Queue {
  func add(_ number: Int) { add(number, priority: .drift, after: .zero) }

  /// Runs two workers and the timer while `body` does, then ends as `mode` says.
  func serve(
    workers: Int = 2, until mode: Scheduler.Shutdown,
    _ handle: @escaping @Sendable (Int, Scheduler.Ticket) -> Scheduler.Disposition,
    while body: () async -> Void
  ) async {
    await withTaskGroup { group in
      group.addTask { await self.run() }
      for _ in 0..<workers { group.addTask { await self.work(handle) } }
      await body()
      _ = await shutDown(mode)
    }
  }
}

/// Keys by handle.
struct HandleQueue: Queue {
  let scheduler: Scheduler
  let lane: Scheduler.Lane
  let handles: [Scheduler.Handle]

  init(_ numbers: Int, workers: Int, backoff: Backoff) {
    let scheduler = Scheduler(.init(backoff: backoff))
    let lane = scheduler.addLane(limit: workers)
    handles = (0..<numbers).map { scheduler.register(lane, payload: UInt32($0)) }
    (self.scheduler, self.lane) = (scheduler, lane)
  }

  var metrics: Scheduler.Metrics { scheduler.metrics }
  var nameBytes: Double { Double(handles.count * MemoryLayout<Scheduler.Handle>.stride) }

  func add(_ number: Int, priority: Scheduler.Priority, after delay: Duration) {
    scheduler.add(handles[number], priority: priority, after: delay)
  }

  func work(_ handle: (Int, Scheduler.Ticket) -> Scheduler.Disposition) async {
    var batch = Scheduler.Batch(lane)
    while await scheduler.next(&batch) {
      for position in 0..<batch.count {
        let ticket = batch[position]
        batch.finish(position, handle(Int(ticket.payload), ticket))
      }
    }
  }

  func run() async { await scheduler.run() }

  func shutDown(_ mode: Scheduler.Shutdown) async -> Scheduler.ShutdownReport {
    await scheduler.shutDown(mode)
  }
}

/// Keys by string.
struct KeyQueue: Queue {
  let scheduler: KeyedScheduler<String>
  let keys: [String]

  init(_ numbers: Int, workers: Int, backoff: Backoff) {
    keys = (0..<numbers).map { "kind/ns/name-\(String("00000\($0)".suffix(6)))" }
    scheduler = KeyedScheduler(limit: workers, .init(backoff: backoff))
  }

  var metrics: Scheduler.Metrics { scheduler.metrics }
  var nameBytes: Double { 0 }

  /// The six digits at the end.
  static func number(_ key: String) -> Int {
    key.utf8.suffix(6).reduce(0) { $0 * 10 + Int($1) - 48 }
  }

  func add(_ number: Int, priority: Scheduler.Priority, after delay: Duration) {
    scheduler.add(keys[number], priority: priority, after: delay)
  }

  func work(_ handle: (Int, Scheduler.Ticket) -> Scheduler.Disposition) async {
    var batch = scheduler.batch()
    while await scheduler.next(&batch) {
      for position in 0..<batch.count {
        batch.finish(position, handle(Self.number(batch.key(position)), batch[position]))
      }
    }
  }

  func run() async { await scheduler.run() }

  func shutDown(_ mode: Scheduler.Shutdown) async -> Scheduler.ShutdownReport {
    await scheduler.shutDown(mode)
  }
}

/// Numbers that several threads write, each in its own places.
// Sendable because no two threads write one place at once: the scheduler runs no key twice at once.
struct Cells: @unchecked Sendable {
  let values: UnsafeMutableBufferPointer<Int64>

  init(_ count: Int) {
    values = .allocate(capacity: count)
    values.initialize(repeating: 0)
  }

  subscript(place: Int) -> Int64 {
    get { values[place] }
    nonmutating set { values[place] = newValue }
  }
}

/// Runs `body` on a thread of its own, as a producer from outside the pool would.
func onThread(_ body: @escaping @Sendable () -> Void) async {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread {
      body()
      continuation.resume()
    }
  }
}
