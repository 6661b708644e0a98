import Tend
import Testing

@testable import TendAgent

@Suite("Which backups are kept")
struct BackupRotationTests {
  private typealias Entry = BackupRotation.Entry

  private static func entry(
    _ number: Int64, _ path: String = "/a", days: Int64 = 0, size: Int64 = 1,
    adopted: Bool = false
  ) -> Entry {
    Entry(
      path: path, number: number, time: Timestamp(seconds: -days * 86_400), size: size,
      isAdopted: adopted)
  }

  @Test("the table of rotation")
  func table() {
    var rotation = BackupRotation()
    rotation.countOfPath = 2
    rotation.totalBytes = 10
    let entry = Self.entry
    let rows: [(entries: [Entry], latest: Int64?, gone: [Int64], reason: String)] = [
      ([], nil, [], "nothing to do"),
      ([entry(1, "/a", 0, 1, false), entry(2, "/b", 0, 1, false)], nil, [], "few"),
      ((1...4).map { entry($0, "/a", 0, 1, false) }, nil, [1, 2], "the newest of a path stay"),
      (
        [entry(1, "/a", 0, 1, true)] + (2...4).map { entry($0, "/a", 0, 1, false) }, nil, [2],
        "the first of an adopted path does not count"
      ),
      ([entry(1, "/a", 31, 1, false)], nil, [1], "too old"),
      ([entry(1, "/a", 31, 1, true)], nil, [], "too old, but adopted and owned"),
      ([entry(1, "/gone", 31, 1, true)], nil, [1], "too old, adopted, and no longer owned"),
      (
        [entry(1, "/a", 0, 6, false), entry(2, "/b", 0, 5, false)], nil, [1],
        "too many bytes: the oldest goes"
      ),
      ([entry(1, "/a", 99, 99, false)], 1, [], "the one that a change relies on stays"),
    ]
    for row in rows {
      let gone = rotation.expired(
        among: row.entries, at: Timestamp(seconds: 0), latest: row.latest,
        isOwned: { $0 != "/gone" })
      #expect(gone.map(\.number) == row.gone, "\(row.reason)")
    }
  }
}
