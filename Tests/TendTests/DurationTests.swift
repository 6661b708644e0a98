import Tend
import Testing

@Suite("Durations as text")
struct DurationTests {
  @Test(
    "a number and a unit, or several, are read",
    arguments: [
      ("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("1h30m", 5_400_000), ("2d", 172_800_000),
      ("1m500ms", 60_500), ("0s", 0), ("007s", 7000), ("1s1s", 2000), ("1d2h3m4s5ms", 93_784_005),
      ("36500d", 3_153_600_000_000),
    ] as [(String, Int64)])
  func read(text: String, milliseconds: Int64) {
    #expect(Duration(text) == .milliseconds(milliseconds))
  }

  @Test(
    "anything else is none",
    arguments: [
      "", "5", "s", "5 s", "-5s", "+5s", "1.5s", "5S", "5sec", "5ss", "5mm", "1h30", "ms", "5µs",
      "5y",
      "9223372036854775808s", "99999999999999999999s", "36501d", "106751991168d", "30s ", "٣s",
    ])
  func refuse(text: String) {
    #expect(Duration(text) == nil)
  }

  @Test(
    "people read at most two units",
    arguments: [
      (Duration.zero, "0ms"), (.nanoseconds(1), "<1ms"), (.milliseconds(120), "120ms"),
      (.milliseconds(1500), "1.5s"), (.milliseconds(1050), "1s"), (.seconds(59), "59s"),
      (.seconds(60), "1m"), (.seconds(61), "1m1s"), (.seconds(3600), "1h"),
      (.seconds(5400), "1h30m"),
      (.seconds(3601), "1h"), (.seconds(90_061), "1d1h"), (.seconds(-61), "-1m1s"),
    ] as [(Duration, String)])
  func brief(duration: Duration, text: String) {
    #expect(duration.brief == text)
  }

  @Test("nanoseconds are clamped to what 64 bits hold")
  func nanoseconds() {
    #expect(Duration.milliseconds(1).nanoseconds == 1_000_000)
    #expect(Duration.milliseconds(-1500).nanoseconds == -1_500_000_000)
    #expect(Duration.seconds(Int64.max).nanoseconds == .max)
    #expect(Duration.seconds(Int64.min).nanoseconds == .min)
  }

  @Test("what the encoder writes reads back as itself, in whole milliseconds", arguments: 0..<100)
  func roundTrip(seed: Int) throws {
    var numbers = SeededNumbers(seed: UInt64(seed))
    let duration = Duration.milliseconds(Int64.random(in: 0...3_000_000_000_000, using: &numbers))
    let encoded = try ValueEncoder().encode(duration)
    #expect(try ValueDecoder().decode(Duration.self, from: encoded) == duration)
  }
}
