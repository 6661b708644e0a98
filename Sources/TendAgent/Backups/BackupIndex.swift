private import Glibc
import Tend

/// All backups of a directory: what is known of each, by path.
struct BackupIndex {
  /// The backups of each path, oldest first.
  private var byPath: [String: [BackupRecord]] = [:]
  /// The bytes of all of them together.
  private(set) var totalBytes: Int64 = 0

  init() {}

  /// Reads the directory; what can't be read is left where it is and not counted.
  init(at path: String) {
    var records: [BackupRecord] = []
    for folder in Self.names(in: path) {
      for name in Self.names(in: "\(path)/\(folder)") where name.hasSuffix(".json") {
        guard let record = Self.record(at: "\(path)/\(folder)/\(name)") else { continue }
        let data = "\(path)/\(folder)/\(record.number).data"
        if record.kind == .file, access(data, F_OK) != 0 {
          unlink("\(path)/\(folder)/\(name)")
        } else {
          records.append(record)
        }
      }
    }
    for record in records.sorted(by: { $0.number < $1.number }) { add(record) }
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

  /// Removes backups, here and from the directory.
  mutating func remove(_ entries: [BackupRotation.Entry], below path: String) {
    for (kept, gone) in Dictionary(grouping: entries, by: \.path) {
      let numbers = Set(gone.map(\.number))
      let folder = "\(path)/\(BackupFolder.name(for: kept))"
      for entry in gone {
        unlink("\(folder)/\(entry.number).json")
        unlink("\(folder)/\(entry.number).data")
        totalBytes &-= entry.size
      }
      rmdir(folder)
      byPath[kept]?.removeAll { numbers.contains($0.number) }
      if byPath[kept]?.isEmpty == true { byPath[kept] = nil }
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
