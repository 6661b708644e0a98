extension Scheduler {
  /// Ends the scheduler and waits until nothing runs; with `finishReady`, until nothing is ready.
  ///
  /// From the call on adds are refused, delays do not end, `run()` returns, and workers that find
  /// nothing more get nil. When it returns normally nothing is running. A second call can change
  /// `finishReady` to `finishRunning`, not back. Cancelling the task ends only the waiting; the
  /// report then says what was left.
  public func shutDown(_ mode: Shutdown = .finishRunning) async -> ShutdownReport {
    locked { $0.shutDown(mode) }
    await stopped()
    return guarded.withLock { $0.state.shutdownReport() }
  }

  /// Whether keys are still handed out.
  public var isOpen: Bool { locked { $0.isOpen } }

  private func stopped() async {
    let number = guarded.withLock { $0.sleepers.number() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let sleeps = guarded.withLock { guarded in
          guard !guarded.state.isStopped else { return false }
          guarded.sleepers.add(closer: number, continuation)
          return true
        }
        if !sleeps { continuation.resume() }
        if Task.isCancelled { endWait(number) }
      }
    } onCancel: {
      endWait(number)
    }
  }

  private func endWait(_ number: UInt64) {
    guarded.withLock { $0.sleepers.remove(closer: number) }?.resume()
  }
}
