import Tend

/// Counts the repairs of one resource's fields, and slows them down where somebody fights back.
///
/// Pure.
///
/// The fifth repair of one field within 10 minutes makes the resource Contested: from then on each
/// repair waits twice as long as the one before, from 10 seconds to the resync interval. One
/// quiet interval makes it normal again. There are never more than 10 writes a minute.
struct DriftLedger: Sendable, Hashable {
  static let window: Duration = .seconds(600)
  static let tolerated = 4
  static let firstDelay: Duration = .seconds(10)
  static let writesPerMinute = 10

  /// The moments of repairs, by field; only those within the window are kept.
  private var repairs: [String: [Duration]] = [:]
  /// The moments of the last writes, at most 10.
  private var writes: [Duration] = []
  /// How long the next repair waits, where contested.
  private var delay: Duration?
  private var lastRepair: Duration?

  /// The field that is fought over, if any.
  private(set) var contested: String?
  /// How often the contested field was repaired within the window.
  private(set) var count = 0
  /// Who was seen to change it, where that is known.
  var opponent: String?

  /// The evidence, and what can be done.
  var message: String {
    guard let contested else {
      return "it was written \(writes.count) times within a minute, and waits for the next one"
    }
    let by = opponent.map { " by \($0)" } ?? ""
    return "\(contested) was changed back \(count) times within 10 minutes\(by); leave it alone "
      + "with lifecycle: {ignoreDifferences: [\(contested)]}, or stop who changes it"
  }

  /// What to do about a difference that drift made.
  enum Answer: Sendable, Hashable {
    /// Repair it now.
    case repair
    /// Repair it after this time.
    case wait(Duration)
  }

  /// Asked before a repair of these fields.
  mutating func ask(fields: [String], now: Duration, interval: Duration) -> Answer {
    forget(before: now - Self.window)
    calm(now: now, interval: interval)
    if let delay, let lastRepair, now < lastRepair + delay {
      return .wait(lastRepair + delay - now)
    }
    writes.removeAll { $0 <= now - .seconds(60) }
    if writes.count >= Self.writesPerMinute, let oldest = writes.first {
      return .wait(oldest + .seconds(60) - now)
    }
    return .repair
  }

  /// How long the next repair of these fields waits.
  mutating func delay(fields: [String], _ now: Duration, _ interval: Duration) -> Duration {
    switch ask(fields: fields, now: now, interval: interval) {
    case .repair: .zero
    case .wait(let time): time
    }
  }

  /// Told after a repair of these fields.
  mutating func repaired(fields: [String], now: Duration, interval: Duration) {
    writes.append(now)
    lastRepair = now
    for field in fields.sorted() {
      repairs[field, default: []].append(now)
      let count = repairs[field]?.count ?? 0
      if count > Self.tolerated, contested == nil || contested == field {
        contested = field
        self.count = count
      }
    }
    if contested != nil { delay = min(delay.map { $0 * 2 } ?? Self.firstDelay, interval) }
  }

  /// Forgets the contest after a quiet interval.
  mutating func calm(now: Duration, interval: Duration) {
    guard contested != nil, let lastRepair, now - lastRepair > interval + (delay ?? .zero) else {
      return
    }
    self = DriftLedger()
  }

  private mutating func forget(before moment: Duration) {
    for (field, moments) in repairs {
      let kept = moments.filter { $0 > moment }
      repairs[field] = kept.isEmpty ? nil : kept
    }
  }
}
