internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// A thread on which requests are sent, and on which whoever sends them goes on.
///
/// The threads are started with the first request. Until then work runs where all other work runs.
final class EventLane: TaskExecutor {
  /// As many as make use of two processors; more would only share the connections further.
  static let all = (0..<min(2, System.coreCount)).map { EventLane($0) }

  private static let isStarted = Atomic(false)

  /// The event loops of all, which are made by whoever asks first.
  private static let loops = {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: all.count)
    isStarted.store(true, ordering: .releasing)
    return Array(group.makeIterator())
  }()

  private let number: Int

  private init(_ number: Int) { self.number = number }

  /// Its event loop.
  var loop: any EventLoop { Self.loops[number] }

  /// Whether this is asked on its thread.
  var isCurrent: Bool { Self.isStarted.load(ordering: .acquiring) && loop.inEventLoop }

  func enqueue(_ job: consuming ExecutorJob) {
    guard Self.isStarted.load(ordering: .acquiring) else {
      return globalConcurrentExecutor.enqueue(job)
    }
    let job = UnownedJob(job)
    let executor = asUnownedTaskExecutor()
    loop.execute { job.runSynchronously(on: executor) }
  }
}
