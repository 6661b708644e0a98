extension Duration {
  /// Reads `500ms`, `30s`, `5m`, `1h30m`, `2d`; nil for anything else, and for what overflows.
  public init?(_ text: String) {
    var total: Int64 = 0
    var number: Int64?
    var bytes = text.utf8.makeIterator()
    var next = bytes.next()
    guard next != nil else { return nil }
    while let byte = next {
      next = bytes.next()
      if (48...57).contains(byte) {
        let (tens, overflow) = (number ?? 0).multipliedReportingOverflow(by: 10)
        let (sum, carry) = tens.addingReportingOverflow(Int64(byte - 48))
        guard !overflow, !carry else { return nil }
        number = sum
        continue
      }
      guard let count = number, let unit = Self.milliseconds(of: byte, &next, &bytes),
        let sum = Self.add(count, unit, to: total)
      else { return nil }
      (total, number) = (sum, nil)
    }
    guard number == nil else { return nil }
    self = .milliseconds(total)
  }

  /// A hundred years are the limit.
  private static func add(_ count: Int64, _ unit: Int64, to total: Int64) -> Int64? {
    let (product, overflow) = count.multipliedReportingOverflow(by: unit)
    let (sum, carry) = total.addingReportingOverflow(product)
    return overflow || carry || sum > 100 * 365 * 86_400_000 ? nil : sum
  }

  /// The unit that begins with a byte; passes over the second letter of `ms`.
  private static func milliseconds(
    of byte: UInt8, _ next: inout UInt8?, _ bytes: inout String.UTF8View.Iterator
  ) -> Int64? {
    switch byte {
    case UInt8(ascii: "m") where next == UInt8(ascii: "s"):
      next = bytes.next()
      return 1
    case UInt8(ascii: "s"): return 1000
    case UInt8(ascii: "m"): return 60_000
    case UInt8(ascii: "h"): return 3_600_000
    case UInt8(ascii: "d"): return 86_400_000
    default: return nil
    }
  }

  /// For people, in at most two units: `1h30m`, `5s`, `120ms`.
  public var brief: String {
    let (seconds, attoseconds) = components
    if seconds < 0 || attoseconds < 0 { return "-" + (.zero - self).brief }
    let milliseconds = attoseconds / 1_000_000_000_000_000
    switch seconds {
    case 0: return milliseconds == 0 && attoseconds > 0 ? "<1ms" : "\(milliseconds)ms"
    case 1..<10 where milliseconds >= 100: return "\(seconds).\(milliseconds / 100)s"
    case 1..<60: return "\(seconds)s"
    default: break
    }
    let units: [(Int64, String)] = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")]
    var parts: [String] = []
    var rest = seconds
    for (size, name) in units where parts.count < 2 {
      if rest >= size {
        parts.append("\(rest / size)\(name)")
      } else if !parts.isEmpty {
        break
      }
      rest %= size
    }
    return parts.joined()
  }

  /// In whole nanoseconds, clamped to what 64 bits hold.
  public var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carry ? (seconds < 0 ? .min : .max) : sum
  }
}
