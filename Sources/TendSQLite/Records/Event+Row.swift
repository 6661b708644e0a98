internal import GRDB
internal import Tend
internal import TendEngine

extension Event {
  static let columns = """
    number, time, unit, resource, kind, cause, revision, fields, result, duration, message
    """

  /// Without its number, which the database gives.
  var arguments: StatementArguments {
    [
      time.nanoseconds, unit, resource, kind.description, cause?.rawValue, revision,
      fields.isEmpty ? nil : fields.value.json, result, duration?.nanoseconds, message,
    ]
  }

  init(_ row: GRDB.Row) {
    self.init(
      time: Timestamp(nanoseconds: row[1] ?? 0), unit: row[2] ?? "", resource: row[3],
      kind: Kind(row[4] ?? ""), cause: (row[5] as String?).flatMap { Cause(rawValue: $0) },
      revision: row[6], fields: Self.paths(row[7]), result: row[8] ?? "",
      duration: (row[9] as Int64?).map { .nanoseconds($0) }, message: row[10] ?? "")
    number = row[0] ?? 0
  }

  private static func paths(_ text: String?) -> [String] {
    guard let text, case .list(let values)? = try? Value(json: text) else { return [] }
    return values.compactMap { if case .string(let path) = $0 { path } else { nil } }
  }
}
