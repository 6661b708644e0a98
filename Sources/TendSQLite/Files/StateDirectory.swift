internal import TendEngine

#if canImport(Glibc)
private import Glibc
#elseif canImport(Musl)
private import Musl
#else
private import Darwin
#endif

/// The directory that holds all that a store keeps, and the small files in it.
struct StateDirectory: Sendable, Hashable {
  /// Absolute, so that SQLite can't take it for a URI.
  let path: String

  init(_ path: String) {
    if path.hasPrefix("/") {
      self.path = path
    } else if let current = getcwd(nil, 0) {
      self.path = String(cString: current) + "/" + path
      free(current)
    } else {
      self.path = "./" + path
    }
  }

  func path(of name: String) -> String { path + "/" + name }

  var database: String { path(of: "tend.db") }

  /// Makes it, and what is missing above it, with mode 0700.
  ///
  /// One that is there keeps its mode, which is its owner's choice, unless others may write there.
  func create() throws(StoreError) {
    var partial = ""
    for component in path.split(separator: "/") {
      partial += "/" + component
      if mkdir(partial, 0o700) != 0, errno != EEXIST, errno != EISDIR {
        // A directory on the way may be closed to us and yet let us through.
        var status = stat()
        let code = errno
        if stat(partial, &status) != 0 { throw StoreError(errno: code, "make", partial) }
      }
    }
    var status = stat()
    guard stat(path, &status) == 0 else { throw StoreError(errno: errno, "look at", path) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw StoreError(errno: ENOTDIR, "use", path) }
    if status.st_mode & 0o022 != 0 {
      throw StoreError(
        .notPermitted, "others may write to the state directory \(path)",
        remedy: "chmod 700 \(path)")
    }
  }

  /// What a file is, as far as a reader must know.
  struct Status: Hashable {
    let inode: UInt64
    let size: Int64
    let modified: Int64
  }

  /// Nil where there is none.
  func status(of name: String) throws(StoreError) -> Status? {
    var status = stat()
    if stat(path(of: name), &status) == 0 {
      let modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
      return Status(
        inode: UInt64(status.st_ino), size: Int64(status.st_size), modified: modified)
    }
    if errno == ENOENT || errno == ENOTDIR { return nil }
    throw StoreError(errno: errno, "look at", path(of: name))
  }

  /// All bytes of a file, or nil where there is none; refuses one above the limit.
  func read(_ name: String, limit: Int) throws(StoreError) -> [UInt8]? {
    let path = path(of: name)
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    if file < 0 {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw StoreError(errno: errno, "open", path)
    }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(file, &buffer, buffer.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw StoreError(errno: errno, "read", path)
      }
      bytes += buffer.prefix(count)
      if bytes.count > limit { throw .corrupt(path, "it has more than \(limit) bytes") }
    }
  }

  /// The first bytes of a file, fewer where it ends before; nil where there is none.
  func start(of name: String, count: Int) throws(StoreError) -> [UInt8]? {
    let path = path(of: name)
    let file = open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw StoreError(errno: errno, "open", path)
    }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: count)
    let read = pread(file, &buffer, count, 0)
    guard read >= 0 else { throw StoreError(errno: errno, "read", path) }
    return Array(buffer.prefix(read))
  }

  /// Writes a file whole: after a crash it is as before or as it should be, and durable.
  func replace(_ name: String, with bytes: [UInt8]) throws(StoreError) {
    var file = try successor(of: name)
    try file.append(bytes)
    try file.finish()
    try replaceBySuccessor(name)
  }

  /// Begins what is to take the place of a file, by `replaceBySuccessor`.
  func successor(of name: String) throws(StoreError) -> NewFile {
    try NewFile(at: path(of: name + ".new"))
  }

  /// Lets what was finished take the place of a file, in one step and durably.
  func replaceBySuccessor(_ name: String) throws(StoreError) {
    try rename(name + ".new", to: name)
  }

  /// Writes a file anew from an offset on, durably; false where it is not there or is shorter.
  ///
  /// After a crash the rest of it is torn: whoever reads it must be able to tell.
  func rewrite(
    _ name: String, from offset: Int, with bytes: [UInt8]
  ) throws(StoreError) -> Bool {
    let path = path(of: name)
    let file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
    if file < 0, errno == ENOENT { return false }
    guard file >= 0 else { throw StoreError(errno: errno, "open", path) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw StoreError(errno: errno, "look at", path) }
    guard status.st_size >= off_t(offset) else { return false }
    guard ftruncate(file, off_t(offset)) == 0, lseek(file, off_t(offset), SEEK_SET) >= 0 else {
      throw StoreError(errno: errno, "cut", path)
    }
    try NewFile.write(bytes, to: file, path)
    guard fsync(file) == 0 else { throw StoreError(errno: errno, "sync", path) }
    return true
  }

  /// Makes an empty file with mode 0600 where there is none.
  func touch(_ name: String) throws(StoreError) {
    let file = open(path(of: name), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw StoreError(errno: errno, "make", path(of: name)) }
    close(file)
  }

  /// Gives a file another name, durably.
  func rename(_ name: String, to other: String) throws(StoreError) {
    guard Glibc.rename(path(of: name), path(of: other)) == 0 else {
      throw StoreError(errno: errno, "rename", path(of: name))
    }
    try sync()
  }

  /// Removes a file, durably; says whether there was one.
  @discardableResult
  func remove(_ name: String) throws(StoreError) -> Bool {
    if unlink(path(of: name)) != 0 {
      if errno == ENOENT { return false }
      throw StoreError(errno: errno, "remove", path(of: name))
    }
    try sync()
    return true
  }

  /// Makes names durable.
  func sync() throws(StoreError) {
    let file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw StoreError(errno: errno, "open", path) }
    defer { close(file) }
    guard fsync(file) == 0 else { throw StoreError(errno: errno, "sync", path) }
  }

  /// The names of its files, in order; none where it does not exist.
  func names() throws(StoreError) -> [String] {
    guard let stream = opendir(path) else {
      if errno == ENOENT { return [] }
      throw StoreError(errno: errno, "list", path)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
