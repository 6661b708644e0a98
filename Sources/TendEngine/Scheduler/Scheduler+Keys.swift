/// What `KeyedScheduler` needs: its keys are looked up and entered under this scheduler's lock.
extension Scheduler {
  /// Asks for a run of the key that `find` names; of a new one, told to `insert`, if there is none.
  @usableFromInline
  func add(
    _ lane: Lane, priority: Priority, after delay: Duration, causes: Causes, supersedes: Bool,
    find: () -> Handle?, insert: (Handle) -> Void
  ) -> Bool {
    let request = Request(
      priority: priority, delay: delay.clampedNanoseconds, causes: causes, supersedes: supersedes)
    return locked { state in
      if let handle = find() { return state.add(handle, request, now: timeline.now) }
      guard let handle = state.registerTransient(lane.index) else { return false }
      insert(handle)
      return state.add(handle, request, now: timeline.now)
    }
  }

  @usableFromInline
  func find(_ find: () -> Handle?) -> Handle? {
    guarded.withLock { _ in find() }
  }

  @usableFromInline
  func forget(_ handle: Handle) -> Bool {
    locked { $0.forget(handle) }
  }

  /// Makes the batch's one ticket stand alone, to be finished by `finish(_:_:)`.
  @usableFromInline
  func detach(_ batch: inout Batch) -> Ticket {
    let ticket = batch[0]
    batch.entries = []
    batch.run = nil
    return ticket
  }
}
