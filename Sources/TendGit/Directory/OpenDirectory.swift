internal import Glibc
internal import SystemPackage

/// A directory that is held open; all below it is reached from its descriptor, never by a path that
/// others could bend, and never through a link.
final class OpenDirectory: Sendable {
  let descriptor: FileDescriptor

  /// Opens a directory by its path, in which links are followed: it is the user's own word.
  init(_ path: FilePath) throws(Errno) {
    let raw = Glibc.open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard raw >= 0 else { throw Errno(rawValue: errno) }
    descriptor = FileDescriptor(rawValue: raw)
  }

  private init(descriptor: FileDescriptor) { self.descriptor = descriptor }

  deinit { try? descriptor.close() }

  /// The names in it, sorted by their bytes.
  func names() throws(Errno) -> [String] {
    // A descriptor of its own: its position is not shared.
    let raw = openat(descriptor.rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard raw >= 0 else { throw Errno(rawValue: errno) }
    guard let names = DirectoryNames.read(FileDescriptor(rawValue: raw)) else { throw .ioError }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// A directory in it.
  func directory(_ name: String) throws(Errno) -> OpenDirectory {
    let raw = openat(
      descriptor.rawValue, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard raw >= 0 else { throw Errno(rawValue: errno) }
    return OpenDirectory(descriptor: FileDescriptor(rawValue: raw))
  }

  /// What it is itself.
  func stamp() throws(Errno) -> FileStamp {
    var record = stat()
    guard fstat(descriptor.rawValue, &record) == 0 else { throw Errno(rawValue: errno) }
    return FileStamp(record)
  }

  /// What stands there under a name; nil where nothing does.
  func stamp(_ name: String) throws(Errno) -> FileStamp? {
    var record = stat()
    if fstatat(descriptor.rawValue, name, &record, AT_SYMLINK_NOFOLLOW) == 0 {
      return FileStamp(record)
    }
    guard errno == ENOENT else { throw Errno(rawValue: errno) }
    return nil
  }

  /// The bytes of a regular file in it; `limit` is checked before they are read.
  func read(_ name: String, limit: Int) throws(FileTrouble) -> (bytes: [UInt8], stamp: FileStamp) {
    // Not blocking: opening a FIFO would wait for somebody to write.
    let raw = openat(descriptor.rawValue, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard raw >= 0 else { throw FileTrouble(errno: errno) }
    let file = FileDescriptor(rawValue: raw)
    defer { try? file.close() }
    var record = stat()
    guard fstat(raw, &record) == 0 else { throw FileTrouble(errno: errno) }
    let stamp = FileStamp(record)
    guard stamp.kind == .file else { throw .notRegular }
    guard stamp.size <= limit else { throw .tooLarge(stamp.size) }
    return (try Self.contents(of: file, size: stamp.size, limit: limit), stamp)
  }

  private static func contents(
    of file: FileDescriptor, size: Int, limit: Int
  ) throws(FileTrouble) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size + 1)
    while true {
      // It may have grown since; one byte more shows that.
      let room = max(size + 1 - bytes.count, 4096)
      var failure: Errno?
      let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
        do {
          count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
        } catch {
          failure = error as? Errno ?? .ioError
        }
      }
      if let failure { throw FileTrouble(errno: failure.rawValue) }
      if piece.isEmpty { return bytes }
      bytes += piece
      guard bytes.count <= limit else { throw .tooLarge(bytes.count) }
    }
  }
}

/// Why a file gave no bytes.
enum FileTrouble: Error, Sendable, Hashable {
  case missing
  case link
  case notRegular
  case tooLarge(Int)
  case system(Errno)

  init(errno: CInt) {
    switch errno {
    case ENOENT: self = .missing
    case ELOOP: self = .link
    case ENXIO, EISDIR: self = .notRegular
    default: self = .system(Errno(rawValue: errno))
    }
  }
}

/// What a stat says that tells one state of a file from another.
struct FileStamp: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case file, directory, link, other
  }

  let kind: Kind
  let size: Int
  let device: UInt64
  let inode: UInt64
  /// Nanoseconds since the epoch.
  let modified: Int64
  /// Nanoseconds since the epoch; nobody can set it back.
  let changed: Int64

  init(_ record: stat) {
    kind =
      switch record.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .directory
      case S_IFLNK: .link
      default: .other
      }
    size = Int(record.st_size)
    device = UInt64(record.st_dev)
    inode = UInt64(record.st_ino)
    modified = Self.nanoseconds(record.st_mtim)
    changed = Self.nanoseconds(record.st_ctim)
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
