internal import GRDB
internal import Tend
internal import TendEngine

extension RevisionRecord {
  static let columns = """
    unit, id, author, time, subject, seenAt, changedAt, state, "by", changes, message
    """

  /// In the order of the columns.
  var arguments: StatementArguments {
    [
      unit, revision.id, revision.author, revision.time?.nanoseconds, revision.message,
      seenAt.nanoseconds, changedAt.nanoseconds, state.rawValue, by, changes, message,
    ]
  }

  /// Nil where the columns make no sense.
  init?(_ row: GRDB.Row) {
    guard let state = State(rawValue: row[7] ?? "") else { return nil }
    let time: Int64? = row[3]
    self.init(
      unit: row[0] ?? "",
      revision: Revision(
        id: row[1] ?? "", author: row[2], time: time.map { Timestamp(nanoseconds: $0) },
        message: row[4]),
      seenAt: Timestamp(nanoseconds: row[5] ?? 0), changedAt: Timestamp(nanoseconds: row[6] ?? 0),
      state: state, by: row[8] ?? "", changes: row[9] ?? 0, message: row[10])
  }
}
