import Tend
import TendAgent
import TendEngine

/// What was kept, for people: `tend restore`.
struct BackupText {
  var style = Style.plain

  /// One line a backup.
  func table(_ records: [BackupRecord], isWide: Bool = false) -> String {
    var head = ["BACKUP", "UNTIL", "SIZE", "MODE", "PATH"]
    if isWide { head += ["OWNER", "GROUP", "MODIFIED", "FIRST"] }
    var table = Table(head: head)
    for record in records {
      var row: [Table.Cell] = [
        .init("\(record.number)"), .init(record.time.description),
        .init(record.kind == .file ? "\(record.size)" : "-"), .init(mode(of: record)),
        .init(record.target.map { "\(record.path) -> \($0)" } ?? record.path),
      ]
      if isWide {
        row += [
          .init("\(record.owner)"), .init("\(record.group)"),
          .init(record.modified.description), .init(record.isAdopted ? "yes" : "no"),
        ]
      }
      table.add(row)
    }
    return records.isEmpty ? "No backups.\n" : table.text(style)
  }

  /// What a person is asked.
  func question(_ record: BackupRecord, _ owner: ResourceStatus?) -> String {
    var text = "Restore \(record.path.printable) as it was until \(record.time): \(what(record))?"
    if let owner, owner.suspension?.resource == nil {
      text += "\n\(owner.reference.printable) of unit \(owner.unit.printable) is then suspended."
    }
    return text
  }

  /// What was done.
  func end(_ restored: RestoreDocument) -> String {
    let record = restored.backup
    let text =
      "Restored \(record.path.printable) as it was until \(record.time): \(what(record)).\n"
    guard let resource = restored.resource?.reference.printable else {
      return text + "It is not declared, and nobody owns it.\n"
    }
    return text + "\(resource) is suspended, so that it stays. To go on: tend resume \(resource)\n"
  }

  private func what(_ record: BackupRecord) -> String {
    if let target = record.target { return "a link to \(target.printable)" }
    return "\(record.size) byte\(record.size == 1 ? "" : "s"), mode \(mode(of: record))"
  }

  private func mode(of record: BackupRecord) -> String {
    if record.kind == .link { return "-" }
    let digits = String(record.mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
