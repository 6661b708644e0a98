internal import GRDB
internal import TendEngine

extension Database {
  func events(_ query: EventQuery) throws -> [Event] {
    var conditions = ["number > ?"]
    var arguments: StatementArguments = [query.after ?? -1]
    if let unit = query.unit {
      conditions.append("unit = ?")
      arguments += [unit]
    }
    if let resource = query.resource {
      conditions.append("resource = ?")
      arguments += [resource]
    }
    arguments += [max(0, query.limit)]
    let statement = try cachedStatement(
      sql: """
        SELECT \(Event.columns) FROM event WHERE \(conditions.joined(separator: " AND "))
        ORDER BY number \(query.isOldestFirst ? "ASC" : "DESC") LIMIT ?
        """)
    let rows = try GRDB.Row.fetchCursor(statement, arguments: arguments)
    var events: [Event] = []
    while let row = try rows.next() { events.append(Event(row)) }
    return events
  }

  func revisions(of unit: String, limit: Int) throws -> [RevisionRecord] {
    let statement = try cachedStatement(
      sql: """
        SELECT \(RevisionRecord.columns) FROM revision WHERE unit = ? ORDER BY sequence DESC LIMIT ?
        """)
    let rows = try GRDB.Row.fetchCursor(statement, arguments: [unit, max(0, limit)])
    var records: [RevisionRecord] = []
    while let row = try rows.next() {
      if let record = RevisionRecord(row) { records.append(record) }
    }
    return records
  }
}
