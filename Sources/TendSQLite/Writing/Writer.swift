internal import GRDB
private import Synchronization
internal import TendEngine

/// Writes groups of commits, one after the other, on the queue of its connection.
///
/// A transaction costs one sync of the log whatever is in it, so all that arrived meanwhile shares
/// the next one.
final class Writer: Sendable {
  private typealias Waiting = CommitQueue<CheckedContinuation<Result<Void, StoreError>, Never>>

  private let path: String
  private let queue: DatabaseQueue
  private let markFile: GenerationMarkFile
  private let mark: Mutex<GenerationMark>
  private let copies: InventoryCopies
  private let retention: Retention
  private let waiting = Mutex(Waiting())

  init(
    _ queue: DatabaseQueue, in directory: StateDirectory, mark: GenerationMark,
    copies: InventoryCopies, retention: Retention
  ) throws(StoreError) {
    path = directory.database
    self.queue = queue
    self.copies = copies
    self.retention = retention.checked
    self.mark = Mutex(mark)
    markFile = try GenerationMarkFile(in: directory)
    markFile.write(mark)
  }

  /// Returns when the writes are durable, or with the reason why none of them is.
  func commit(_ writes: [StoreWrite]) async throws(StoreError) {
    if writes.isEmpty { return }
    var encoded: [EncodedWrite] = []
    encoded.reserveCapacity(writes.count)
    for write in writes { encoded.append(try EncodedWrite(write)) }
    let submitted = encoded
    let result = await withCheckedContinuation { caller in
      switch waiting.withLock({ $0.add(submitted, for: caller) }) {
      case .start: queue.asyncWriteWithoutTransaction { self.drain($0) }
      case .queued: break
      case .refused:
        caller.resume(
          returning: .failure(
            StoreError(.busy, "too many writes wait for \(path)", remedy: "try again")))
      }
    }
    try result.get()
  }

  private func drain(_ db: Database) {
    while true {
      let group = waiting.withLock { $0.next() }
      if group.isEmpty { return }
      write(group[...], db)
    }
  }

  /// A group that fails is written again one caller at a time: a bad write harms its caller alone.
  private func write(_ group: ArraySlice<Waiting.Entry>, _ db: Database) {
    do throws(StoreError) {
      try transact(group, db)
      for entry in group { entry.caller.resume(returning: .success(())) }
    } catch {
      if group.count == 1 {
        for entry in group { entry.caller.resume(returning: .failure(error)) }
      } else {
        for index in group.indices { write(group[index...index], db) }
      }
    }
  }

  private func transact(
    _ group: ArraySlice<Waiting.Entry>, _ db: Database
  ) throws(StoreError) {
    var done: Transaction?
    do {
      try db.inTransaction(.immediate) {
        var transaction = try Transaction(db, retention: retention)
        for entry in group {
          for write in entry.writes { try transaction.apply(write, db) }
        }
        try transaction.finish(db)
        try copies.prepare(contradicting: transaction.outdated)
        done = transaction
        return .commit
      }
    } catch {
      copies.settle(done?.touched ?? [:])
      if let done { copies.request(done.changed, atOnce: false) }
      throw StoreError(error, at: path)
    }
    copies.settle(done?.touched ?? [:])
    if let done { acknowledge(done) }
  }

  private func acknowledge(_ done: Transaction) {
    let mark = mark.withLock { mark in
      mark.generation = done.seal.generation
      mark.lastEvent = max(mark.lastEvent, done.lastEvent)
      return mark
    }
    markFile.write(mark)
    copies.request(done.changed, atOnce: false)
    copies.request(done.converged, atOnce: true)
  }

  /// Waits until all that was handed in is written.
  func finish() async {
    await withCheckedContinuation { (caller: CheckedContinuation<Void, Never>) in
      queue.asyncWriteWithoutTransaction { _ in caller.resume() }
    }
  }
}
