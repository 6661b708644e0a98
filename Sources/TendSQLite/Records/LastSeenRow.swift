internal import GRDB
internal import Tend
internal import TendEngine

/// What was last said of something, as the columns of its row.
struct LastSeenRow: Sendable, Hashable {
  /// Of what it is said; the identity of a unit is its name.
  struct Key: Sendable, Hashable {
    var isUnit: Bool
    var provider: String
    var identity: String

    init(_ subject: LastSeen.Subject) {
      switch subject {
      case .unit(let name): (isUnit, provider, identity) = (true, "", name)
      case .resource(let key): (isUnit, provider, identity) = (false, key.provider, key.identity)
      }
    }

    init(isUnit: Bool, provider: String, identity: String) {
      (self.isUnit, self.provider, self.identity) = (isUnit, provider, identity)
    }

    var arguments: StatementArguments { [isUnit ? 1 : 0, provider, identity] }
  }

  var key: Key
  /// The record as JSON.
  var text: String

  static let columns = "isUnit, provider, identity, record, checksum"

  var checksum: Int64 {
    var sum = Checksum()
    sum.add(key.isUnit ? 1 : 0)
    for text in [key.provider, key.identity, text] { sum.add(text) }
    return sum.column
  }

  var arguments: StatementArguments { key.arguments + [text, checksum] }

  init(_ seen: LastSeen) throws(StoreError) {
    key = Key(seen.subject)
    guard !key.provider.utf8.contains(0), !key.identity.utf8.contains(0),
      let value = try? ValueEncoder().encode(seen)
    else {
      throw StoreError(.refused, "what was last said of \(key.identity) can't be kept")
    }
    text = value.json
  }

  init(_ row: GRDB.Row) {
    key = Key(
      isUnit: (row[0] as Int64?) == 1, provider: row[1] ?? "", identity: row[2] ?? "")
    text = row[3] ?? ""
  }

  /// What its checksum was when it was written.
  static func writtenChecksum(_ row: GRDB.Row) -> Int64 { row[4] ?? 0 }

  /// Nil where the text makes no sense.
  var record: LastSeen? {
    guard let value = try? Value(json: text) else { return nil }
    return try? ValueDecoder().decode(LastSeen.self, from: value)
  }
}
