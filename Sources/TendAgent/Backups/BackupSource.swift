private import CTendAgent
private import Glibc
import Tend

/// What a backup is made of, found once by its directory and name and never by its path.
struct BackupSource {
  private let request: BackupRequest
  private let status: stat
  private let target: String?
  private let attributes: [String: String]

  var size: Int64 { target == nil ? Int64(status.st_size) : 0 }

  /// Nil where there is nothing, or nothing with a content: a directory, a device, a FIFO.
  init?(_ request: BackupRequest) throws(ProviderError) {
    var status = stat()
    guard fstatat(request.directory, request.name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      if errno == ENOENT { return nil }
      throw .transient("\(request.path) can't be kept: \(errnoText(errno))")
    }
    self.request = request
    self.status = status
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      target = nil
      attributes = try Self.attributes(of: request)
    case S_IFLNK:
      target = try Self.target(of: request)
      attributes = [:]
    default: return nil
    }
  }

  func record(number: Int64, time: Timestamp, isAdopted: Bool) -> BackupRecord {
    BackupRecord(
      path: request.path, number: number, time: time, kind: target == nil ? .file : .link,
      mode: UInt32(status.st_mode & 0o7777), owner: status.st_uid, group: status.st_gid,
      modified: Timestamp(
        nanoseconds: Int64(status.st_mtim.tv_sec) &* 1_000_000_000
          &+ Int64(status.st_mtim.tv_nsec)),
      size: size, target: target, attributes: attributes, isAdopted: isAdopted)
  }

  /// Brings the bytes into the folder, and says whether the file itself was moved there; a link has
  /// none, its target is in the record.
  func store(in folder: BackupFolder, number: Int64) throws(ProviderError) -> Bool {
    guard target == nil else { return false }
    let name = "\(number).data"
    if request.mayMove, status.st_nlink == 1, try move(to: folder, name) { return true }
    try copy(to: folder, name)
    return false
  }

  /// False where it lies on another file system.
  private func move(to folder: BackupFolder, _ name: String) throws(ProviderError) -> Bool {
    let folder = folder.descriptor
    guard renameat(request.directory, request.name, folder.raw, name) == 0 else {
      if errno == EXDEV { return false }
      throw .transient("\(request.path) can't be moved to its backup: \(errnoText(errno))")
    }
    // Only we read a backup, whoever owned the file.
    _ = fchownat(folder.raw, name, geteuid(), getegid(), AT_SYMLINK_NOFOLLOW)
    _ = fchmodat(folder.raw, name, 0o600, 0)
    return true
  }

  private func copy(to folder: BackupFolder, _ name: String) throws(ProviderError) {
    let source = try Self.open(request)
    // `flush` makes it durable together with its name.
    try folder.make(name, mayBeSpare: !request.durable) { copy throws(ProviderError) in
      try pour(source, into: copy)
    }
  }

  private func pour(_ source: Descriptor, into copy: Descriptor) throws(ProviderError) {
    var bytes = [UInt8](repeating: 0, count: Int(clamping: min(size &+ 1, 1 << 17)))
    while true {
      let count = read(source.raw, &bytes, bytes.count)
      if count == 0 { return }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw .transient("\(request.path) can't be read for its backup: \(errnoText(errno))")
      }
      do {
        try copy.write(bytes.prefix(count))
      } catch {
        throw ProviderError(.transient, "\(request.path) can't be copied", cause: error)
      }
    }
  }

  /// Never waits, should the file have become a FIFO meanwhile.
  private static func open(_ request: BackupRequest) throws(ProviderError) -> Descriptor {
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    let number = openat(request.directory, request.name, flags)
    guard number >= 0 else {
      throw ProviderError(
        errno == EACCES ? .notPermitted : .transient,
        "\(request.path) can't be read for its backup: \(errnoText(errno))")
    }
    return Descriptor(number)
  }

  private static func target(of request: BackupRequest) throws(ProviderError) -> String {
    var bytes = [CChar](repeating: 0, count: 4097)
    let count = readlinkat(request.directory, request.name, &bytes, 4096)
    guard count >= 0 else {
      throw .transient("\(request.path) can't be read for its backup: \(errnoText(errno))")
    }
    return String(decoding: bytes.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// At most 64 KiB of them, which is what one inode holds on most file systems.
  private static func attributes(
    of request: BackupRequest
  ) throws(ProviderError) -> [String: String] {
    let file = try open(request)
    guard flistxattr(file.raw, nil, 0) > 0 else { return [:] }
    var names = [CChar](repeating: 0, count: 65_536)
    let length = flistxattr(file.raw, &names, names.count)
    guard length > 0 else { return [:] }
    var attributes: [String: String] = [:]
    for name in names.prefix(length).split(separator: 0) {
      let name = String(decoding: name.map(UInt8.init(bitPattern:)), as: UTF8.self)
      var value = [UInt8](repeating: 0, count: 65_536)
      let count = fgetxattr(file.raw, name, &value, value.count)
      if count >= 0 { attributes[name] = value.prefix(count).hexadecimal }
    }
    return attributes
  }
}

extension Sequence<UInt8> {
  /// Two lower-case digits a byte.
  var hexadecimal: String {
    map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }.joined()
  }
}
