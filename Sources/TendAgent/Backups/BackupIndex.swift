private import Glibc
import Tend

/// All backups of a directory, in the order of their numbers.
struct BackupIndex {
  private(set) var records: [BackupRecord] = []

  init() {}

  /// Reads the directory; what can't be read is left where it is and not counted.
  init(at path: String) {
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
    records.sort { $0.number < $1.number }
  }

  var entries: [BackupRotation.Entry] {
    records.map {
      BackupRotation.Entry(
        path: $0.path, number: $0.number, time: $0.time, size: $0.size, isAdopted: $0.isAdopted)
    }
  }

  mutating func add(_ record: BackupRecord) { records.append(record) }

  mutating func remove(_ numbers: [Int64], below path: String) {
    if numbers.isEmpty { return }
    let gone = Set(numbers)
    for record in records where gone.contains(record.number) {
      let folder = "\(path)/\(BackupFolder.name(for: record.path))"
      unlink("\(folder)/\(record.number).json")
      unlink("\(folder)/\(record.number).data")
      rmdir(folder)
    }
    records.removeAll { gone.contains($0.number) }
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
