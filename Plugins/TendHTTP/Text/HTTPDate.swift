internal import Tend

/// Reads the times of HTTP headers (RFC 9110, section 5.6.7).
enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Reads the three forms that a recipient must accept, all in GMT; nil for anything else.
  static func parse(_ text: String) -> Timestamp? {
    let words = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" })
    if words.count == 5 {  // Sun Nov  6 08:49:37 1994
      return timestamp(day: words[2], month: words[1], year: words[4], clock: words[3])
    }
    guard words.count == 6, words[5] == "GMT" else { return nil }
    return timestamp(day: words[1], month: words[2], year: words[3], clock: words[4])
  }

  private static func timestamp(
    day: Substring, month: Substring, year: Substring, clock: Substring
  ) -> Timestamp? {
    guard let month = months.firstIndex(of: String(month)), let day = Int(day),
      var year = Int(year), (1...31).contains(day), (0...9999).contains(year)
    else { return nil }
    if year < 100 { year += year < 70 ? 2000 : 1900 }
    let parts = clock.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, let hour = parts[0], let minute = parts[1], let second = parts[2],
      (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    let days = days(year: year, month: month + 1, day: day)
    return Timestamp(seconds: Int64(days * 86_400 + hour * 3600 + minute * 60 + second))
  }

  /// Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that leap days end
  /// them.
  private static func days(year: Int, month: Int, day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let century = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - century * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return century * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
      - 719_468
  }
}

/// When a service wants to be asked again (RFC 9110, section 10.2.3).
enum RetryAfter {
  /// Nobody is obeyed who wants more than this.
  static let longest = Duration.seconds(300)

  /// Seconds or a date, at most ``longest``; nil for what is neither.
  static func parse(_ text: String, now: Timestamp) -> Duration? {
    let text = text.trimmed
    if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
      // More digits than fit are more than is obeyed.
      return min(.seconds(Int64(text) ?? .max / 2_000_000_000), longest)
    }
    guard let date = HTTPDate.parse(text) else { return nil }
    return min(max(.zero, now.duration(to: date)), longest)
  }
}

extension StringProtocol {
  /// Without spaces and tabs at both ends.
  var trimmed: String {
    var rest = Substring(self)
    while rest.first == " " || rest.first == "\t" { rest.removeFirst() }
    while rest.last == " " || rest.last == "\t" { rest.removeLast() }
    return String(rest)
  }
}
