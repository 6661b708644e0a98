import Testing

@testable import TendSQLite

@Suite("What arrives while a group is written makes the next group")
struct CommitQueueTests {
  private func writes(_ count: Int) -> [EncodedWrite] {
    Array(repeating: .removeUnit("x"), count: count)
  }

  @Test("the first caller starts, the others join, and the order is kept")
  func order() {
    var queue = CommitQueue<Int>()
    #expect(queue.add(writes(1), for: 1) == .start)
    #expect(queue.next().map(\.caller) == [1])
    #expect(queue.add(writes(1), for: 2) == .queued)
    #expect(queue.add(writes(1), for: 3) == .queued)
    #expect(queue.next().map(\.caller) == [2, 3])
    #expect(queue.next().isEmpty)
    #expect(queue.add(writes(1), for: 4) == .start)
  }

  @Test(
    "a group stops growing at its limit, and never splits a caller's writes",
    arguments: [
      ([3, 3, 3], [2, 1], "two fit into 8"),
      ([9, 1], [1, 1], "one that is larger goes alone"),
      ([1, 9, 1], [1, 1, 1], "a larger one waits for its own group"),
      ([4, 4, 1], [2, 1], "exactly full"),
      ([0, 0, 1], [3], "empty ones cost nothing"),
    ])
  func limit(_ sizes: [Int], _ groups: [Int], _ reason: String) {
    var queue = CommitQueue<Int>(groupLimit: 8)
    for (caller, size) in sizes.enumerated() { _ = queue.add(writes(size), for: caller) }
    var seen: [[Int]] = []
    while case let group = queue.next(), !group.isEmpty { seen.append(group.map(\.caller)) }
    #expect(seen.map(\.count) == groups, "\(reason)")
    #expect(seen.flatMap(\.self) == Array(sizes.indices))
  }

  @Test("beyond the limit of callers a write is refused, and taken again when there is room")
  func refused() {
    var queue = CommitQueue<Int>(callerLimit: 2)
    #expect(queue.add(writes(1), for: 1) == .start)
    #expect(queue.add(writes(1), for: 2) == .queued)
    #expect(queue.add(writes(1), for: 3) == .refused)
    #expect(queue.next().map(\.caller) == [1, 2])
    #expect(queue.add(writes(1), for: 3) == .queued)
  }
}
