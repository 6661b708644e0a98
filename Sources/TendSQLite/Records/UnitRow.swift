internal import GRDB
internal import Tend
internal import TendEngine

/// What is known of a unit, as the columns of its row.
struct UnitRow: Sendable, Hashable {
  var name: String
  /// The record as JSON.
  var text: String

  var checksum: Int64 {
    var sum = Checksum()
    sum.add(name)
    sum.add(text)
    return sum.column
  }

  var arguments: StatementArguments { [name, text, checksum] }

  init(name: String, text: String) {
    self.name = name
    self.text = text
  }

  init(_ record: UnitRecord) throws(StoreError) {
    guard !record.name.utf8.contains(0), let value = try? ValueEncoder().encode(record) else {
      throw StoreError(.refused, "the record of unit \(record.name) can't be kept")
    }
    name = record.name
    text = value.json
  }

  /// Nil where the text makes no sense.
  var record: UnitRecord? {
    guard let value = try? Value(json: text) else { return nil }
    return try? ValueDecoder().decode(UnitRecord.self, from: value)
  }
}
