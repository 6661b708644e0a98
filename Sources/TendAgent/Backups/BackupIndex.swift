private import Glibc
import Tend

/// All backups of a directory: what is known of each, by path.
struct BackupIndex {
  /// The backups of each path, oldest first.
  private var byPath: [String: [BackupRecord]] = [:]
  /// The bytes of all of them together.
  private(set) var totalBytes: Int64 = 0

  init() {}

  /// Reads the directory; what can't be read, or is being made, is not counted.
  init(at path: String) {
    var records: [BackupRecord] = []
    for (folder, name) in Self.files(below: path) where name.hasSuffix(".json") {
      guard let record = Self.record(at: "\(folder)/\(name)"), !Self.lacksData(record, in: folder)
      else { continue }
      records.append(record)
    }
    for record in records.sorted(by: { $0.number < $1.number }) { add(record) }
  }

  /// Removes what was being made when the agent died: files under a passing name, and records whose
  /// data never came.
  static func removeTraces(below path: String) {
    for (folder, name) in files(below: path) {
      let file = "\(folder)/\(name)"
      let isTrace =
        name.hasSuffix(".json")
        ? record(at: file).map { lacksData($0, in: folder) } ?? false
        : name.hasSuffix(BackupFolder.passing)
      if isTrace { unlink(file) }
    }
  }

  private static func lacksData(_ record: BackupRecord, in folder: String) -> Bool {
    record.kind == .file && access("\(folder)/\(record.number).data", F_OK) != 0
  }

  /// Every file, with the folder that it lies in.
  private static func files(below path: String) -> [(folder: String, name: String)] {
    names(in: path).flatMap { folder in
      names(in: "\(path)/\(folder)").map { ("\(path)/\(folder)", $0) }
    }
  }

  /// The greatest number that was given; 0 where there is no backup.
  var lastNumber: Int64 { byPath.values.compactMap { $0.last?.number }.max() ?? 0 }

  var all: [BackupRecord] { byPath.sorted { $0.key < $1.key }.flatMap(\.value) }

  func records(of path: String) -> [BackupRecord] { byPath[path] ?? [] }

  func entries(of path: String) -> [BackupRotation.Entry] {
    records(of: path).map(BackupRotation.Entry.init)
  }

  var entries: [BackupRotation.Entry] {
    byPath.values.flatMap { $0.map(BackupRotation.Entry.init) }
  }

  mutating func add(_ record: BackupRecord) {
    byPath[record.path, default: []].append(record)
    totalBytes &+= record.size
  }

  /// Removes backups, here and from the directory; the files of those that are worth it are spared
  /// for the next backup of the path.
  mutating func remove(
    _ entries: [BackupRotation.Entry], below path: String,
    sparing isWorthIt: (BackupRotation.Entry) -> Bool = { _ in false }
  ) {
    for (kept, gone) in Dictionary(grouping: entries, by: \.path) {
      let numbers = Set(gone.map(\.number))
      let folder = "\(path)/\(BackupFolder.name(for: kept))"
      for entry in gone {
        remove("\(folder)/\(entry.number)", isWorthIt(entry) ? folder : nil)
        totalBytes &-= entry.size
      }
      byPath[kept]?.removeAll { numbers.contains($0.number) }
      guard byPath[kept]?.isEmpty != false else { continue }
      byPath[kept] = nil
      for spare in BackupFolder.spares { unlink("\(folder)/\(spare)") }
      rmdir(folder)
    }
  }

  /// Removes the files of one, or makes them the spare ones of a folder.
  private func remove(_ backup: String, _ folder: String?) {
    for (file, spare) in zip(["\(backup).json", "\(backup).data"], BackupFolder.spares) {
      if let folder, rename(file, "\(folder)/\(spare)") == 0 { continue }
      unlink(file)
    }
  }

  private static func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  private static func record(at path: String) -> BackupRecord? {
    let number = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard number >= 0 else { return nil }
    let file = Descriptor(number)
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    let count = read(file.raw, &bytes, bytes.count)
    guard count > 0, let text = String(validating: bytes.prefix(count), as: UTF8.self),
      let value = try? Value(json: text)
    else { return nil }
    return try? ValueDecoder().decode(BackupRecord.self, from: value)
  }
}
