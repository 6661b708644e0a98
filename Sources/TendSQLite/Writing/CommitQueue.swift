/// What waits to be written, and which of it goes together: decisions only.
///
/// Whoever comes first starts the writing; all that arrives while a group is written makes the next
/// group. Callers keep their order.
struct CommitQueue<Caller> {
  /// Writes of one caller.
  struct Entry {
    let writes: [EncodedWrite]
    let caller: Caller
  }

  /// What an addition asks of its caller.
  enum Admission: Equatable {
    /// Nobody writes: start.
    case start
    /// Somebody writes, and will come to it.
    case queued
    /// Too many wait.
    case refused
  }

  private var waiting: [Entry] = []
  private var isWriting = false
  private let callerLimit: Int
  private let groupLimit: Int

  /// At most `callerLimit` callers wait; a group stops growing at `groupLimit` writes.
  init(callerLimit: Int = 65_536, groupLimit: Int = 16_384) {
    self.callerLimit = callerLimit
    self.groupLimit = groupLimit
  }

  mutating func add(_ writes: [EncodedWrite], for caller: Caller) -> Admission {
    guard waiting.count < callerLimit else { return .refused }
    waiting.append(Entry(writes: writes, caller: caller))
    if isWriting { return .queued }
    isWriting = true
    return .start
  }

  /// The next group, at least one caller; empty when the writing ends.
  mutating func next() -> [Entry] {
    var count = 0
    let end = waiting.firstIndex { entry in
      defer { count += entry.writes.count }
      return count > 0 && count + entry.writes.count > groupLimit
    }
    let group = Array(waiting[..<(end ?? waiting.endIndex)])
    waiting.removeFirst(group.count)
    if group.isEmpty { isWriting = false }
    return group
  }
}
