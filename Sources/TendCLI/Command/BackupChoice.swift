import Tend
import TendAgent

/// Which of the backups of a path is meant: a pure decision.
struct BackupChoice {
  private let records: [BackupRecord]
  private let path: String

  /// Takes them oldest first.
  init(_ records: [BackupRecord], of path: String) {
    self.records = records
    self.path = path
  }

  /// The one with a number, the one that held the content at a moment, or else the newest.
  ///
  /// A backup is made when its content is replaced, so what was there at a moment is in the first
  /// backup that was made after it.
  func choose(_ moment: Timestamp?, _ number: Int64?) throws(Failure) -> BackupRecord {
    let remedy = "tend restore \(path) --list shows what there is"
    guard let newest = records.last else {
      throw Failure("NotFound", "nothing of \(path) was kept", remedy: "tend restore --list")
    }
    if let number {
      guard let found = records.first(where: { $0.number == number }) else {
        throw Failure("NotFound", "there is no backup \(number) of \(path)", remedy: remedy)
      }
      return found
    }
    guard let moment else { return newest }
    guard let found = records.first(where: { $0.time >= moment }) else {
      throw Failure(
        "NotFound", "\(path) was not replaced or deleted since \(moment)", remedy: remedy)
    }
    return found
  }
}
