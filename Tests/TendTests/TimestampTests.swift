import Tend
import Testing

@Suite("Timestamps")
struct TimestampTests {
  @Test(
    "a moment is written in RFC 3339, and reads back as itself",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
      (4_107_542_399, "2100-02-28T23:59:59.000Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"),
      (1_709_164_800, "2024-02-29T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.000Z"),
      (-86_400, "1969-12-31T00:00:00.000Z"), (-8_520_336_000, "1700-01-01T00:00:00.000Z"),
      (1_795_418_000, "2026-11-23T07:13:20.000Z"), (-2_203_891_200, "1900-03-01T00:00:00.000Z"),
    ] as [(Int64, String)])
  func text(seconds: Int64, text: String) {
    #expect(Timestamp(seconds: seconds).description == text)
    #expect(Timestamp(text) == Timestamp(seconds: seconds))
  }

  @Test(
    "offsets, fractions and a space for the T are read",
    arguments: [
      ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T18:30:00-05:30", 0),
      ("1970-01-01 00:00:01z", 1_000_000_000), ("1970-01-01T00:00:00.5Z", 500_000_000),
      ("1970-01-01T00:00:00.123456789Z", 123_456_789),
      ("1970-01-01T00:00:00.1234567891Z", 123_456_789),
      ("1972-06-30T23:59:60Z", 78_796_800_000_000_000),
    ] as [(String, Int64)])
  func read(text: String, nanoseconds: Int64) {
    #expect(Timestamp(text)?.nanoseconds == nanoseconds)
  }

  @Test(
    "what is no moment is not read",
    arguments: [
      "", "now", "2026", "2026-11-23", "2026-11-23T07:12", "2026-11-23T07:12:53",
      "2026-13-01T00:00:00Z",
      "2026-00-01T00:00:00Z", "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z",
      "2026-04-31T00:00:00Z",
      "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
      "2026-01-01T00:00:61Z",
      "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+1:2:3", "2026-01-01T00:00:00.Z",
      "9999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2026-01-01T00:00:00Zx",
      "2O26-01-01T00:00:00Z",
      "2026-01-01T00:00:00+--:00", "2026-01-01T00:00:00+0x:00",
    ])
  func refuse(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test("every day of four centuries has the date that follows the day before")
  func everyDay() {
    var (year, month, day) = (1700, 1, 1)
    for number in 0..<146_097 {
      let moment = Timestamp(seconds: -8_520_336_000 + Int64(number) * 86_400)
      let expected = "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
      if !moment.description.hasPrefix(expected) { Issue.record("\(moment) is not \(expected)") }
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      day += 1
      if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
  }

  @Test("the ends of what 64 bits hold are written, and times between moments do not overflow")
  func ends() {
    #expect(Timestamp(nanoseconds: .min).description == "1677-09-21T00:12:43.145Z")
    #expect(Timestamp(nanoseconds: .max).description == "2262-04-11T23:47:16.854Z")
    #expect(Timestamp(seconds: .max).nanoseconds == .max)
    #expect(Timestamp(seconds: .min).nanoseconds == .min)
    #expect(Timestamp(seconds: 5).duration(to: Timestamp(seconds: 3)) == .seconds(-2))
    #expect(Timestamp(seconds: 3) < Timestamp(seconds: 5))
    let all = Timestamp(nanoseconds: .min).duration(to: Timestamp(nanoseconds: .max))
    #expect(all == .nanoseconds(Int64.max) + .nanoseconds(Int64.max) + .nanoseconds(1))
  }
}
