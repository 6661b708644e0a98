/// A moment by the wall clock: nanoseconds since 1970-01-01T00:00:00Z.
///
/// For people and for records. Intervals and deadlines are never computed from it.
public struct Timestamp: Sendable, Hashable, Comparable {
  /// Nanoseconds since the epoch; negative before it.
  public let nanoseconds: Int64

  /// A moment, in nanoseconds since the epoch.
  @inlinable
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// A moment, in whole seconds since the epoch; clamped to what can be represented.
  public init(seconds: Int64) {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    nanoseconds = overflow ? (seconds < 0 ? .min : .max) : product
  }

  /// Earlier comes first.
  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The time from this moment to another; negative where the other came first.
  public func duration(to other: Timestamp) -> Duration {
    .nanoseconds(other.nanoseconds) - .nanoseconds(nanoseconds)
  }
}

extension Timestamp: Codable {
  /// Reads RFC 3339.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let time = Timestamp(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected a time such as 2026-11-23T07:12:53Z")
    }
    self = time
  }

  /// Writes RFC 3339 in UTC; milliseconds are the least that is kept.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension Timestamp: LosslessStringConvertible {
  /// RFC 3339 in UTC with milliseconds, such as `2026-11-23T07:12:53.042Z`.
  public var description: String {
    var days = nanoseconds / 86_400_000_000_000
    var rest = nanoseconds % 86_400_000_000_000
    if rest < 0 {
      rest += 86_400_000_000_000
      days -= 1
    }
    let (year, month, day) = Self.civil(days: days)
    let milliseconds = rest / 1_000_000
    let seconds = milliseconds / 1000
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T"
      + "\(pad(seconds / 3600, 2)):\(pad(seconds / 60 % 60, 2)):\(pad(seconds % 60, 2))"
      + ".\(pad(milliseconds % 1000, 3))Z"
  }

  /// Reads RFC 3339, in UTC or with an offset; the fraction is optional.
  public init?(_ description: String) {
    let bytes = Array(description.utf8)
    func number(_ range: Range<Int>) -> Int64? {
      guard range.upperBound <= bytes.count else { return nil }
      var result: Int64 = 0
      for byte in bytes[range] {
        guard byte >= 48, byte <= 57 else { return nil }
        result = result * 10 + Int64(byte - 48)
      }
      return result
    }
    func has(_ byte: Character, at index: Int) -> Bool {
      index < bytes.count && Character(UnicodeScalar(bytes[index])) == byte
    }
    guard let year = number(0..<4), has("-", at: 4), let month = number(5..<7), has("-", at: 7),
      let day = number(8..<10), has("T", at: 10) || has(" ", at: 10), let hour = number(11..<13),
      has(":", at: 13), let minute = number(14..<16), has(":", at: 16),
      let second = number(17..<19), (1...12).contains(month), hour < 24, minute < 60, second < 61,
      (1700...2200).contains(year), day >= 1, day <= Self.days(of: month, in: year)
    else { return nil }
    var index = 19
    var fraction: Int64 = 0
    if has(".", at: index) {
      index += 1
      guard number(index..<index + 1) != nil else { return nil }
      var scale: Int64 = 100_000_000
      while index < bytes.count, let digit = number(index..<index + 1) {
        fraction += digit * scale
        scale /= 10
        index += 1
      }
    }
    guard let offset = Self.offset(bytes[index...]) else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
    nanoseconds = seconds * 1_000_000_000 + fraction
  }

  private static func days(of month: Int64, in year: Int64) -> Int64 {
    let (next, nextYear) = month == 12 ? (1, year + 1) : (month + 1, year)
    return days(year: nextYear, month: next, day: 1) - days(year: year, month: month, day: 1)
  }

  private static func offset(_ bytes: ArraySlice<UInt8>) -> Int64? {
    let text = String(decoding: bytes, as: UTF8.self)
    if text == "Z" || text == "z" { return 0 }
    let parts = text.dropFirst().split(separator: ":")
    guard let sign = text.first, sign == "+" || sign == "-", parts.count == 2,
      let hours = Int64(parts[0]), let minutes = Int64(parts[1]), (0..<24).contains(hours),
      (0..<60).contains(minutes)
    else { return nil }
    return (sign == "-" ? -1 : 1) * (hours * 3600 + minutes * 60)
  }

  /// Gregorian date of a day number, by the era method: eras of 400 years, years from March.
  private static func civil(days: Int64) -> (Int64, Int64, Int64) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}

private func pad(_ number: Int64, _ width: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, width - text.count)) + text
}
