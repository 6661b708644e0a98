extension Duration {
  /// Reads `500ms`, `30s`, `5m`, `1h30m`, `2d`; nil for anything else, and for what overflows.
  public init?(_ text: String) {
    var total: Int64 = 0
    var rest = text.utf8[...]
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { (48...57).contains($0) }
      guard !digits.isEmpty, let number = Int64(String(decoding: digits, as: UTF8.self)) else {
        return nil
      }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { !(48...57).contains($0) }
      rest = rest.dropFirst(unit.count)
      guard let milliseconds = Self.milliseconds(of: String(decoding: unit, as: UTF8.self)) else {
        return nil
      }
      let (product, overflow) = number.multipliedReportingOverflow(by: milliseconds)
      let (sum, carry) = total.addingReportingOverflow(product)
      guard !overflow, !carry, sum <= 100 * 365 * 86_400_000 else { return nil }
      total = sum
    }
    self = .milliseconds(total)
  }

  private static func milliseconds(of unit: String) -> Int64? {
    switch unit {
    case "ms": 1
    case "s": 1000
    case "m": 60_000
    case "h": 3_600_000
    case "d": 86_400_000
    default: nil
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
