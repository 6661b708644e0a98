import Tend
import Testing

@testable import TendEngine

@Suite("Suspensions of a unit")
struct SuspensionDecisionTests {
  private static let a = InventoryKey(provider: "shelf", identity: "a")
  private static let now = Timestamp(seconds: 1000)

  @Test("a unit's word counts for each of its resources, and a new word takes the old one's place")
  func words() {
    var record = UnitRecord(name: "main")
    #expect(record.suspends(Self.a) == nil)
    record.suspend(Suspension(Self.a, note: "one", by: "ada", since: Self.now))
    record.suspend(Suspension(Self.a, note: "two", by: "bob", since: Self.now))
    #expect(record.suspensions.count == 1 && record.suspends(Self.a)?.note == "two")
    #expect(record.suspension(of: nil) == nil)
    record.suspend(Suspension(note: "all", by: "eve", since: Self.now))
    #expect(record.suspends(Self.a)?.note == "all")
    #expect(record.resume(nil)?.note == "all")
    #expect(record.resume(nil) == nil)
    #expect(record.suspends(Self.a)?.note == "two", "what was said of it alone stands")
  }

  @Test("what is over ends, and only that")
  func lapse() {
    var record = UnitRecord(name: "main")
    record.suspend(Suspension(Self.a, by: "ada", since: Self.now, until: Timestamp(seconds: 1010)))
    record.suspend(Suspension(by: "ada", since: Self.now))
    #expect(record.lapse(at: Timestamp(seconds: 1009)).isEmpty)
    #expect(record.lapse(at: Timestamp(seconds: 1010)).map(\.resource) == [Self.a])
    #expect(record.suspensions.map(\.resource) == [nil])
  }

  @Test("a record from before there were suspensions is read as one without any")
  func older() throws {
    let old = try Value(json: #"{"name": "main", "deletions": []}"#)
    #expect(try ValueDecoder().decode(UnitRecord.self, from: old) == UnitRecord(name: "main"))
    var record = UnitRecord(name: "main")
    record.suspend(
      Suspension(Self.a, reason: .restored, note: "why", by: "ada", since: Self.now))
    let kept = try ValueEncoder().encode(record)
    #expect(try ValueDecoder().decode(UnitRecord.self, from: kept) == record)
  }

  @Test(
    "the next look comes when something may end, at most a minute later, and never for nothing",
    arguments: [
      (nil, false, nil, "nothing is suspended"), (nil, true, 5000, "the file may go at any time"),
      (10, false, 10_000, "it ends then"), (3600, false, 60_000, "the clock may be set"),
      (-5, false, 1, "it is over"), (3600, true, 5000, "the sooner of both"),
    ] as [(Int64?, Bool, Int64?, String)])
  func pause(seconds: Int64?, isBraked: Bool, milliseconds: Int64?, reason: String) {
    let next = seconds.map { Timestamp(seconds: 1000 + $0) }
    #expect(
      Engine.pause(until: next, Self.now, isBraked: isBraked)
        == milliseconds.map { .milliseconds($0) }, "\(reason)")
  }
}
