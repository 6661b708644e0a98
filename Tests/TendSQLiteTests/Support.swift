import Glibc
import Synchronization
import Tend
import TendEngine
import TendSQLite
import Testing

/// A directory of its own for one test, gone with it.
final class Folder: Sendable {
  let path: String

  init(in parent: String = "/tmp") throws {
    var template = Array("\(parent)/tend-store-XXXXXX\0".utf8CString.dropLast())
    try #require(mkdtemp(&template) != nil)
    path = String(
      decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// In memory where the machine has such a place: for tests that open hundreds of stores and say
  /// nothing about the disk.
  convenience init(inMemory: Void) throws {
    try self.init(in: access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")
  }

  deinit { Folder.remove(path) }

  /// The state directory in it, which the store makes itself.
  var state: String { path + "/state" }

  private static func remove(_ path: String) {
    for name in names(of: path) {
      var status = stat()
      let child = path + "/" + name
      if lstat(child, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
        remove(child)
      } else {
        unlink(child)
      }
    }
    rmdir(path)
  }
}

func names(of path: String) -> [String] {
  guard let stream = opendir(path) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafeBytes(of: &entry.pointee.d_name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}

func bytes(of path: String) throws -> [UInt8] {
  let file = open(path, O_RDONLY)
  try #require(file >= 0, "can't open \(path)")
  defer { close(file) }
  var status = stat()
  fstat(file, &status)
  var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
  var offset = 0
  while offset < bytes.count {
    let count = bytes.withUnsafeMutableBytes {
      read(file, $0.baseAddress?.advanced(by: offset), $0.count - offset)
    }
    if count <= 0 { break }
    offset += count
  }
  return Array(bytes.prefix(offset))
}

func write(_ bytes: [UInt8], to path: String) throws {
  let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  try #require(file >= 0, "can't write \(path)")
  defer { close(file) }
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    try #require(count > 0)
    rest = rest.dropFirst(count)
  }
}

func mode(of path: String) -> mode_t {
  var status = stat()
  return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
}

/// Copies the files of a directory, not what is below them.
func copyFiles(from source: String, to target: String) throws {
  mkdir(target, 0o700)
  for name in names(of: source) {
    try write(bytes(of: "\(source)/\(name)"), to: "\(target)/\(name)")
  }
}

func record(
  _ number: Int, unit: String = "web", state: InventoryRecord.State = .owned, memory: Value? = nil
) -> InventoryRecord {
  InventoryRecord(
    key: InventoryKey(provider: "files", identity: "/etc/app/\(number).conf"), unit: unit,
    reference: Reference(kind: "files/v1 File", name: "conf-\(number)"), state: state,
    isAdopted: false, lifecycle: Lifecycle(),
    dependencies: [InventoryKey(provider: "files", identity: "/etc/app")],
    place: Place(file: "web/conf.yaml", line: number, column: 3),
    revision: "0123456789abcdef0123456789abcdef01234567", memory: memory)
}

/// What the file provider remembers, more or less.
func statMemory(_ number: Int) -> Value {
  [
    "digest": .string("sha256:" + String(repeating: "ab", count: 32)),
    "stat": [
      .integer(Int64(number)), 1_700_000_000_123_456_789, 1_700_000_000_123_456_789, 64_512, 420,
    ],
  ]
}

func event(_ number: Int, unit: String = "web", at seconds: Int64 = 1_700_000_000) -> Event {
  Event(
    time: Timestamp(seconds: seconds), unit: unit, resource: "File/conf-\(number)", kind: .update,
    cause: .drift, revision: "abc", fields: ["content", "mode"], duration: .milliseconds(3),
    message: "event \(number)")
}

func revisionRecord(
  _ id: String, unit: String = "web", state: RevisionRecord.State = .converged, seen: Int64 = 1
) -> RevisionRecord {
  RevisionRecord(
    unit: unit, revision: Revision(id: id, author: "a", time: Timestamp(seconds: 5), message: "m"),
    seenAt: Timestamp(seconds: seen), changedAt: Timestamp(seconds: seen + 1), state: state,
    by: "git", changes: 2, message: "x")
}

/// Opens, works, closes.
func withStore<T>(
  at path: String, _ body: (SQLiteStore) async throws -> T
) async throws -> T {
  let store = try SQLiteStore(at: path)
  let result = try await body(store)
  await store.close()
  return result
}

let isRoot = getuid() == 0
