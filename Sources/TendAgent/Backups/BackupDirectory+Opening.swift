private import Glibc
import Tend

extension BackupDirectory {
  /// All backups of all paths, in the order of paths, each oldest first.
  public var all: [BackupRecord] { BackupIndex(at: path).all }

  /// Opens what was kept, for as long as the body runs.
  ///
  /// Throws `NotFound` where it is no longer there.
  func withBackup<Answer>(
    _ record: BackupRecord, _ body: (Backup) async throws -> Answer
  ) async throws -> Answer {
    if record.kind == .link {
      return try await body(record.backup(of: .link(target: record.target ?? "")))
    }
    let data = "\(path)/\(BackupFolder.name(for: record.path))/\(record.number).data"
    let file = Descriptor(open(data, O_RDONLY | O_CLOEXEC | O_NOFOLLOW))
    guard file.raw >= 0 else {
      throw Failure("NotFound", "the backup \(record.number) of \(record.path) is gone")
    }
    defer { file.close() }
    return try await body(record.backup(of: .file(descriptor: file.raw)))
  }
}

extension BackupRecord {
  fileprivate func backup(of content: Backup.Content) -> Backup {
    Backup(
      content, mode: mode, owner: owner, group: group, modified: modified,
      attributes: attributes.compactMapValues { [UInt8](hexadecimal: $0) })
  }
}

extension [UInt8] {
  /// Reads what `hexadecimal` wrote; nil for anything else.
  init?(hexadecimal text: String) {
    let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count.isMultiple(of: 2) else { return nil }
    self = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[index], let low = digits[index + 1] else { return nil }
      append(UInt8(high << 4 | low))
    }
  }
}
