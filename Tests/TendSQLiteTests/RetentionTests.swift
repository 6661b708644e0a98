import GRDB
import Glibc
import Tend
import TendEngine
import TendSQLite
import Testing

@Suite("History is kept long enough, and not for ever")
struct RetentionTests {
  let folder: Folder

  init() throws { folder = try Folder(inMemory: ()) }

  private func fill(
    _ count: Int, _ retention: Retention, at time: @Sendable (Int) -> Int64
  ) async throws -> [Event] {
    let store = try SQLiteStore(at: folder.state, retention: retention)
    for start in stride(from: 0, to: count, by: 100) {
      try await store.commit((start..<start + 100).map { .addEvent(event($0, at: time($0))) })
    }
    let events = try await store.events(EventQuery(limit: .max))
    await store.close()
    return events
  }

  private var small: Retention {
    var retention = Retention()
    retention.minimumEvents = 1000
    retention.maximumEvents = 3000
    retention.age = .seconds(1000)
    return retention
  }

  @Test("the defaults are those of the contract")
  func defaults() {
    #expect(Retention().minimumEvents == 10_000)
    #expect(Retention().age == .seconds(30 * 86_400))
    #expect(Retention().revisions >= 100)
  }

  /// What the wall clock does over 5000 events.
  enum Clock: CaseIterable {
    case stands, ticks, jumpsTo1970, jumpsAhead, runsBackwards, isBefore1970

    func time(of event: Int) -> Int64 {
      let event = Int64(event)
      return switch self {
      case .stands: 5_000_000
      case .ticks: 5_000_000 + event
      case .jumpsTo1970: event < 4900 ? 5_000_000 + event : event
      case .jumpsAhead: event < 4900 ? event : 50_000_000
      case .runsBackwards: 5_000_000 - event
      case .isBefore1970: -9_000_000_000 + event
      }
    }

    /// Sweeps remove in steps, so that a few more than asked for may be there.
    var kept: ClosedRange<Int> {
      switch self {
      case .stands, .runsBackwards: 3000...3300
      case .ticks, .isBefore1970, .jumpsAhead, .jumpsTo1970: 1000...1300
      }
    }
  }

  @Test(
    "at least the minimum is kept whatever the clock says, and at most the maximum",
    arguments: Clock.allCases)
  func clock(_ clock: Clock) async throws {
    let events = try await fill(5000, small) { clock.time(of: $0) }
    #expect(clock.kept.contains(events.count), "\(events.count)")
    #expect(events.first?.number == 5000)
    #expect(zip(events, events.dropFirst()).allSatisfy { $0.number == $1.number + 1 })
  }

  @Test("numbers go on after everything below them is gone")
  func numbers() async throws {
    _ = try await fill(3000, small) { Int64($0) }
    let events = try await fill(100, small) { _ in 90_000_000 }
    #expect(events.first?.number == 3100)
  }

  @Test("the file stops growing")
  func size() async throws {
    func size() throws -> Int { try bytes(of: folder.state + "/tend.db").count }
    _ = try await fill(6000, small) { Int64($0) }
    let once = try size()
    _ = try await fill(30_000, small) { Int64(10_000 + $0) }
    #expect(try size() < once * 3 / 2)
  }

  @Test("a file that history has left shrinks again")
  func shrinks() async throws {
    func size() throws -> Int { try bytes(of: folder.state + "/tend.db").count }
    _ = try await fill(3000, small) { _ in 1 }
    let large = try size()
    var tiny = small
    tiny.minimumEvents = 100
    tiny.maximumEvents = 100
    _ = try await fill(3000, tiny) { _ in 1 }
    #expect(try size() < large)
  }

  @Test("of each unit the newest revisions are kept, never fewer than 100")
  func revisions() async throws {
    var retention = Retention()
    retention.revisions = 1
    let store = try SQLiteStore(at: folder.state, retention: retention)
    try await store.commit([.putRevision(revisionRecord("quiet", unit: "quiet"))])
    for number in 0..<250 {
      try await store.commit([.putRevision(revisionRecord("r\(number)", seen: Int64(number)))])
    }
    let history = try await store.revisions(of: "web", limit: 1000)
    #expect(history.map(\.revision.id) == (150..<250).reversed().map { "r\($0)" })
    #expect(try await store.revisions(of: "quiet", limit: 9).count == 1)
    await store.close()
  }
}
