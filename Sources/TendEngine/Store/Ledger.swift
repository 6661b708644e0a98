import Tend

/// Writes behind: what need not be durable at once is handed over here and written in groups.
///
/// One child task of the engine's run drains it. A failure is tried again with the same writes, so
/// that nothing is lost while the disk is full; `flush` says whether all that came before is
/// durable. Above its bound, who hands over waits.
final class Ledger: Sendable {
  private struct State {
    var writes: [StoreWrite] = []
    /// Numbers of writes: handed over so far, durable so far.
    var accepted = 0
    var durable = 0
    var failure: StoreError?
    var isDraining = false
    var isClosed = false
    var drainer: CheckedContinuation<Void, Never>?
    /// Waits for the end during a pause.
    var closer: CheckedContinuation<Void, Never>?
    var waiters: [(number: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  static let bound = 65_536
  private let state = Lock(State())
  private let store: any Store

  init(_ store: any Store) { self.store = store }

  /// Hands over; never waits.
  ///
  /// The order is kept.
  func append(_ writes: [StoreWrite]) {
    guard !writes.isEmpty else { return }
    let drainer = state.withLock { state in
      state.writes += writes
      state.accepted += writes.count
      defer { state.drainer = nil }
      return state.drainer
    }
    drainer?.resume()
  }

  /// The failure that the last attempt met, nil once it succeeded again.
  var failure: StoreError? { state.withLock { $0.failure } }

  /// How many writes are not durable yet.
  var pending: Int { state.withLock { $0.accepted - $0.durable } }

  /// Whether writes wait though no attempt has failed, and how many are durable.
  var progress: (isWriting: Bool, durable: Int) {
    state.withLock { ($0.accepted > $0.durable && $0.failure == nil, $0.durable) }
  }

  /// Whether so much waits that no more should be begun.
  var isFull: Bool { state.withLock { $0.writes.count > Self.bound } }

  /// Waits until all that was handed over before is durable, or an attempt has failed.
  func flush() async throws(StoreError) {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let isDone = state.withLock { state in
        if state.durable >= state.accepted || state.isClosed || state.failure != nil { return true }
        state.waiters.append((state.accepted, continuation))
        return false
      }
      if isDone { continuation.resume() }
    }
    if let failure = state.withLock({ $0.durable < $0.accepted ? $0.failure : nil }) {
      throw failure
    }
  }

  /// Waits as `flush` does, where somebody drains; whether it failed is another's concern.
  func settle() async {
    guard state.withLock({ $0.isDraining }) else { return }
    do throws(StoreError) { try await flush() } catch {}
  }

  /// Drains until it is closed, then what is left.
  ///
  /// `pause` waits between attempts that fail.
  func run(pause: @escaping @Sendable () async -> Void) async {
    state.withLock { $0.isDraining = true }
    defer { end() }
    while await waitForWrites() {
      let group = state.withLock { state in
        defer { state.writes = [] }
        return state.writes
      }
      if group.isEmpty { continue }
      await write(group, pause: pause)
    }
  }

  private func write(
    _ group: [StoreWrite], pause: @escaping @Sendable () async -> Void
  ) async {
    while true {
      do throws(StoreError) {
        try await store.commit(group)
        settle(group.count, nil)
        return
      } catch {
        settle(0, error)
        if state.withLock({ $0.isClosed }) { return }
        await rest(pause)
      }
    }
  }

  /// Pauses, but not beyond the end.
  private func rest(_ pause: @escaping @Sendable () async -> Void) async {
    await withTaskGroup { group in
      group.addTask { await pause() }
      group.addTask { await self.waitForEnd() }
      await group.next()
      group.cancelAll()
    }
  }

  private func waitForEnd() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let isOver = state.withLock { state in
          if state.isClosed || Task.isCancelled { return true }
          state.closer = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      takeCloser()?.resume()
    }
  }

  private func takeCloser() -> CheckedContinuation<Void, Never>? {
    state.withLock { state in
      defer { state.closer = nil }
      return state.closer
    }
  }

  /// Nobody writes any more: whoever waits need not wait longer.
  private func end() {
    let waiters = state.withLock { state in
      state.isDraining = false
      state.isClosed = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.continuation.resume() }
  }

  private func settle(_ count: Int, _ failure: StoreError?) {
    let ready = state.withLock { state in
      state.durable += count
      state.failure = failure
      let ready = state.waiters.filter { failure != nil || $0.number <= state.durable }
      state.waiters.removeAll { failure != nil || $0.number <= state.durable }
      return ready
    }
    for waiter in ready { waiter.continuation.resume() }
  }

  /// False when closed and empty.
  private func waitForWrites() async -> Bool {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let isReady = state.withLock { state in
        if !state.writes.isEmpty || state.isClosed { return true }
        state.drainer = continuation
        return false
      }
      if isReady { continuation.resume() }
    }
    return state.withLock { !$0.writes.isEmpty || !$0.isClosed }
  }

  /// No more will come: `run` returns once everything is written, or can't be.
  func close() {
    let drainer = state.withLock { state in
      state.isClosed = true
      defer { state.drainer = nil }
      return state.drainer
    }
    drainer?.resume()
    takeCloser()?.resume()
  }
}
