internal import Glibc

/// Calls that block, on a thread of their own instead of one of the cooperative pool.
enum BlockingThread {
  /// Runs a call to its end; it can't be cancelled.
  static func run<Value: Sendable, Failure: Error>(
    _ call: @escaping @Sendable () throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
      let work = Work {
        do throws(Failure) {
          continuation.resume(returning: .success(try call()))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
      start(work)
    }
    return try result.get()
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private static func start(_ work: Work) {
    var thread: pthread_t = 0
    let held = Unmanaged.passRetained(work)
    let status = pthread_create(
      &thread, nil,
      { pointer in
        guard let pointer else { return nil }
        Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body()
        return nil
      }, held.toOpaque())
    if status == 0 {
      pthread_detach(thread)
    } else {
      // Out of threads: slower for others, but still right.
      held.takeRetainedValue().body()
    }
  }
}
