internal import TendEngine

#if canImport(Glibc)
private import Glibc
#elseif canImport(Musl)
private import Musl
#else
private import Darwin
#endif

extension StateDirectory {
  /// The most that is copied of a file: 1 GiB.
  private static let copyLimit = 1 << 30

  /// Runs a body with a copy of database and log in a temporary directory, gone when it returns.
  func withPrivateCopy<T>(
    _ body: (StateDirectory) throws(StoreError) -> T
  ) throws(StoreError) -> T {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/tend-read-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw StoreError(errno: errno, "make a directory in", parent)
    }
    let copy = StateDirectory(
      String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    defer { copy.removeAll() }
    // The log first: what is emptied from it meanwhile then stands in the database.
    for name in ["tend.db-wal", "tend.db"] {
      guard let bytes = try read(name, limit: Self.copyLimit) else { continue }
      try copy.replace(name, with: bytes)
    }
    return try body(copy)
  }

  private func removeAll() {
    for name in (try? names()) ?? [] { unlink(path(of: name)) }
    rmdir(path)
  }
}
