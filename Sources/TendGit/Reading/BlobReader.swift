private import Synchronization
internal import Tend
internal import TendEngine

/// Reads blobs one by one for many callers, with one `git` at a time.
///
/// Whoever comes first starts the process and answers those who come meanwhile, then passes the
/// role on. So a thousand files cost few processes, and nothing runs while nobody reads.
final class BlobReader: Sendable {
  private let mirror: Mirror
  private let limit: Int
  private let desk = Mutex(Desk())

  init(_ mirror: Mirror, limit: Int) {
    self.mirror = mirror
    self.limit = limit
  }

  /// All bytes of a blob.
  func read(_ id: ObjectID) async throws(ProviderError) -> [UInt8] {
    let result: Outcome
    switch desk.withLock({ $0.arrive() }) {
    case .lead: result = .lead
    case .wait(let ticket): result = await wait(id, ticket)
    }
    switch result {
    case .bytes(let bytes): return bytes
    case .failed(let error): throw error
    case .lead: return try await lead(id)
    }
  }

  private func wait(_ id: ObjectID, _ ticket: Int) async -> Outcome {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let early = desk.withLock { $0.sit(Waiter(ticket: ticket, id: id, wake: continuation)) }
        if let early { continuation.resume(returning: early) }
      }
    } onCancel: {
      let waiter = desk.withLock { $0.leave(ticket) }
      waiter?.wake.resume(returning: .failed(.cancelled))
    }
  }

  /// Answers the own question and others', at most as many as keep the own answer near.
  private func lead(_ id: ObjectID) async throws(ProviderError) -> [UInt8] {
    defer { desk.withLock { $0.handOver() }?.wake.resume(returning: .lead) }
    @Sendable func serve(_ conversation: inout Conversation) async throws -> [UInt8] {
      let own = try await blob(id, &conversation)
      for _ in 0..<64 {
        guard let waiter = desk.withLock({ $0.next() }) else { break }
        guard await answer(waiter, &conversation) else { break }
      }
      return own
    }
    do throws(GitFailure) {
      return try await mirror.read(serve)
    } catch {
      throw Self.explain(error, id)
    }
  }

  /// Whether the conversation can go on.
  private func answer(_ waiter: Waiter, _ conversation: inout Conversation) async -> Bool {
    do {
      let bytes = try await blob(waiter.id, &conversation)
      waiter.wake.resume(returning: .bytes(bytes))
      return true
    } catch {
      // Cancelled is who leads, not who waits.
      if Task.isCancelled {
        desk.withLock { $0.putBack(waiter) }
      } else {
        waiter.wake.resume(returning: .failed(Self.explain(error, waiter.id)))
      }
      return false
    }
  }

  private func blob(_ id: ObjectID, _ conversation: inout Conversation) async throws -> [UInt8] {
    let object = try await conversation.object(id, limit: limit)
    guard object.header.kind == "blob" else { throw GitFailure.broken("\(id) is no file") }
    return object.bytes
  }

  private static func explain(_ error: any Error, _ id: ObjectID) -> ProviderError {
    switch error {
    case GitFailure.cancelled, is CancellationError: .cancelled
    case GitFailure.cause(let error): .permanent(error.message, remedy: error.remedy)
    default: ProviderError(.transient, "the object \(id) could not be read", cause: error)
    }
  }
}

/// What a caller gets in the end.
private enum Outcome: Sendable {
  case bytes([UInt8])
  case failed(ProviderError)
  case lead
}

private struct Waiter {
  let ticket: Int
  let id: ObjectID
  let wake: CheckedContinuation<Outcome, Never>
}

/// Who reads and who waits; at most as many as there are callers.
private struct Desk {
  enum Arrival { case lead, wait(Int) }

  private var isLed = false
  private var tickets = 0
  /// Those who have come and do not sit yet, and those of them who have left.
  private var standing: Set<Int> = []
  private var gone: Set<Int> = []
  private var waiters: [Waiter] = []

  mutating func arrive() -> Arrival {
    guard isLed else {
      isLed = true
      return .lead
    }
    tickets &+= 1
    standing.insert(tickets)
    return .wait(tickets)
  }

  /// Waits, unless there is an answer at once.
  mutating func sit(_ waiter: Waiter) -> Outcome? {
    standing.remove(waiter.ticket)
    if gone.remove(waiter.ticket) != nil { return .failed(.cancelled) }
    guard isLed else {
      isLed = true
      return .lead
    }
    waiters.append(waiter)
    return nil
  }

  mutating func leave(_ ticket: Int) -> Waiter? {
    if standing.contains(ticket) { gone.insert(ticket) }
    guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return nil }
    return waiters.remove(at: index)
  }

  mutating func next() -> Waiter? { waiters.isEmpty ? nil : waiters.removeFirst() }

  mutating func putBack(_ waiter: Waiter) { waiters.insert(waiter, at: 0) }

  /// The next to lead, if anybody waits.
  mutating func handOver() -> Waiter? {
    guard let waiter = next() else {
      isLed = false
      return nil
    }
    return waiter
  }
}
