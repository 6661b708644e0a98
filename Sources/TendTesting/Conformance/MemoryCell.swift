internal import Synchronization
internal import Tend

/// What the store holds of one resource's memory: encoded, as the inventory keeps it.
final class MemoryCell<Memory: Codable & Equatable & Sendable>: Sendable {
  private struct State {
    var json: Value?
    var problems: [String] = []
  }

  /// As much as the inventory takes, in bytes.
  static var limit: Int { 4096 }

  private let state = Mutex(State())
  private let canaries: Canaries

  init(_ canaries: Canaries) { self.canaries = canaries }

  /// What is remembered, decoded.
  var memory: Memory? {
    state.withLock(\.json).flatMap { try? ValueDecoder().decode(Memory.self, from: $0) }
  }

  /// What was wrong with memories so far.
  var problems: [String] { state.withLock { $0.problems } }

  func forget() { state.withLock { $0.json = nil } }

  /// The same memory in another cell.
  func copy() -> MemoryCell {
    let copy = MemoryCell(canaries)
    let json = state.withLock(\.json)
    copy.state.withLock { $0.json = json }
    return copy
  }

  /// Keeps it, and says what is wrong with it.
  func keep(_ memory: Memory) {
    do {
      let value = try ValueEncoder().encode(memory)
      let text = value.json
      canaries.inspect(text, in: "memory")
      let back = try ValueDecoder().decode(Memory.self, from: value)
      state.withLock { state in
        if text.utf8.count > Self.limit {
          state.problems.append("it takes \(text.utf8.count) bytes; \(Self.limit) fit")
        }
        if back != memory { state.problems.append("what comes back is not what was remembered") }
        state.json = value
      }
    } catch {
      state.withLock { $0.problems.append("it can't be encoded and decoded: \(error)") }
    }
  }
}
