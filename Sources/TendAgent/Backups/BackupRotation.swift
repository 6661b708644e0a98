import Tend

/// Which backups are kept, and how many: a pure decision.
public struct BackupRotation: Sendable, Hashable {
  /// How many of one path, the newest.
  ///
  /// 5.
  public var countOfPath = 5
  /// For how long.
  ///
  /// 30 days.
  public var age: Duration = .seconds(30 * 86_400)
  /// How many bytes in all.
  ///
  /// 1 GiB.
  public var totalBytes: Int64 = 1 << 30

  /// The defaults.
  public init() {}

  /// What the decision needs to know of a backup.
  struct Entry: Hashable {
    var path: String
    var number: Int64
    var time: Timestamp
    var size: Int64
    var isAdopted: Bool
  }

  /// Those that go, oldest first.
  ///
  /// The first of an adopted path stays as long as the path is owned, and `latest` stays in any
  /// case: a change is about to rely on it.
  func expired(
    among entries: [Entry], at now: Timestamp, latest: Int64? = nil,
    isOwned: (String) -> Bool = { _ in true }
  ) -> [Entry] {
    let newestFirst = entries.sorted { $0.number > $1.number }
    var countOf: [String: Int] = [:]
    var total: Int64 = 0
    var gone: [Entry] = []
    for entry in newestFirst {
      let isPinned = entry.number == latest || (entry.isAdopted && isOwned(entry.path))
      let count = (countOf[entry.path] ?? 0) + 1
      let fits =
        count <= countOfPath && entry.time.duration(to: now) <= age
        && total &+ entry.size <= totalBytes
      guard isPinned || fits else {
        gone.append(entry)
        continue
      }
      if !isPinned || entry.number == latest { countOf[entry.path] = count }
      total &+= entry.size
    }
    return gone.reversed()
  }
}

extension BackupRotation.Entry {
  init(_ record: BackupRecord) {
    self.init(
      path: record.path, number: record.number, time: record.time, size: record.size,
      isAdopted: record.isAdopted)
  }
}
