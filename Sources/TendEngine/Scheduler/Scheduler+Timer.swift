extension Scheduler {
  /// Ends delays when their time has come.
  ///
  /// Runs until shutdown or until its task is cancelled; call it once, as a child task. While it
  /// does not run, delays end when a worker asks for work.
  public func run() async {
    while !Task.isCancelled {
      let alarm = fire()
      switch alarm {
      case .closed: return
      case .now: await Task.yield()
      case .unset: await signal()
      case .at: await sleep(alarm)
      }
    }
    locked { $0.disarm() }
  }

  private func fire() -> SchedulerState.Alarm {
    let now = timeline.now()
    return locked { $0.fire(now: now) }
  }

  /// Sleeps and fires again and again until an earlier time is set.
  ///
  /// Only then are child tasks made anew: a timer that merely goes on costs no task.
  private func sleep(_ alarm: SchedulerState.Alarm) async {
    await withTaskGroup { group in
      group.addTask { await self.follow(alarm) }
      group.addTask { await self.signal() }
      await group.next()
      group.cancelAll()
    }
  }

  private func follow(_ first: SchedulerState.Alarm) async {
    var alarm = first
    while !Task.isCancelled {
      switch alarm {
      case .closed, .unset: return
      case .now: await Task.yield()
      case .at(let time):
        do { try await timeline.sleep(time) } catch { return }
      }
      alarm = fire()
    }
  }

  /// Waits until the timer is set to an earlier time, or for the end.
  private func signal() async {
    let number = guarded.withLock { $0.sleepers.number() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let sleeps = guarded.withLock { guarded in
          guard guarded.state.mayTimerSleep else { return false }
          guarded.sleepers.add(timer: number, continuation)
          return true
        }
        if !sleeps { continuation.resume() }
        if Task.isCancelled { endSignal(number) }
      }
    } onCancel: {
      endSignal(number)
    }
  }

  private func endSignal(_ number: UInt64) {
    guarded.withLock { $0.sleepers.remove(timer: number) }?.resume()
  }
}
