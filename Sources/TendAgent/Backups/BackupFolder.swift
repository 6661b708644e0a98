private import Glibc
import Tend

/// The folder with the backups of one path.
struct BackupFolder {
  /// What the names of files end in until they are whole.
  static let passing = ".new"
  /// Files of a backup that was pushed out, to be written over by the next repair's.
  ///
  /// To make a file and to remove another costs a repair more than all else of its backup.
  static let spares = ["spare.json" + passing, "spare.data" + passing]

  private static func spare(for name: String) -> String {
    spares[name.hasSuffix(".json") ? 0 : 1]
  }

  let descriptor: Descriptor

  /// Makes the folder where there is none.
  init(below path: String, for kept: String) throws(ProviderError) {
    let folder = "\(path)/\(Self.name(for: kept))"
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
    // Mostly it is there.
    var number = open(folder, flags)
    if number < 0, errno == ENOENT, Self.makeDirectory(path), Self.makeDirectory(folder) {
      number = open(folder, flags)
    }
    guard number >= 0 else {
      throw .transient("a backup of \(kept) can't be made in \(folder): \(errnoText(errno))")
    }
    descriptor = Descriptor(number)
  }

  /// FNV-1a over the path, in hexadecimal.
  ///
  /// Two paths that share one share the folder, which does no
  /// harm: each record names its path.
  static func name(for path: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let text = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }

  /// Makes a directory that only we may enter; true where there is one afterwards.
  static func makeDirectory(_ path: String) -> Bool {
    if mkdir(path, 0o700) == 0 { return chmod(path, 0o700) == 0 }
    return errno == EEXIST
  }

  /// Writes a record.
  func write(_ record: BackupRecord, durable: Bool) throws(ProviderError) {
    let name = "\(record.number).json"
    try make(name, durable: durable, mayBeSpare: !durable) { file throws(ProviderError) in
      do {
        try file.write(Array(ValueEncoder().encode(record).json.utf8))
      } catch {
        throw ProviderError(.transient, "the record of a backup can't be written", cause: error)
      }
    }
  }

  /// Makes a file that has its name only once it is whole; where that fails nothing is left.
  ///
  func make(
    _ name: String, durable: Bool = false, mayBeSpare: Bool = false,
    _ fill: (Descriptor) throws(ProviderError) -> Void
  ) throws(ProviderError) {
    let isSpare =
      mayBeSpare
      && renameat(descriptor.raw, Self.spare(for: name), descriptor.raw, name + Self.passing) == 0
    let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (isSpare ? 0 : O_TRUNC)
    let file = Descriptor(openat(descriptor.raw, name + Self.passing, flags, 0o600))
    guard file.raw >= 0 else { throw failure("write", name) }
    do throws(ProviderError) {
      try fill(file)
      if isSpare, ftruncate(file.raw, lseek(file.raw, 0, SEEK_CUR)) != 0 {
        throw failure("write", name)
      }
      if durable, fsync(file.raw) != 0 { throw failure("flush", name) }
      guard renameat(descriptor.raw, name + Self.passing, descriptor.raw, name) == 0 else {
        throw failure("write", name)
      }
    } catch {
      unlinkat(descriptor.raw, name + Self.passing, 0)
      throw error
    }
  }

  /// Removes a record whose data could not be kept.
  func removeRecord(_ number: Int64) { unlinkat(descriptor.raw, "\(number).json", 0) }

  /// Makes bytes and names survive a power loss.
  func flush(number: Int64, kind: BackupRecord.Kind) throws(ProviderError) {
    if kind == .file {
      let data = Descriptor(openat(descriptor.raw, "\(number).data", O_RDONLY | O_CLOEXEC))
      guard data.raw >= 0, fsync(data.raw) == 0 else { throw failure("flush", "\(number).data") }
    }
    let parent = Descriptor(openat(descriptor.raw, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    guard fsync(descriptor.raw) == 0, fsync(parent.raw) == 0 else {
      throw failure("flush", "\(number).json")
    }
  }

  func failure(_ verb: String, _ name: String) -> ProviderError {
    let error = errno
    return .transient(
      "the backup \(name) can't be \(verb == "flush" ? "flushed" : "written"): \(errnoText(error))",
      remedy: error == ENOSPC ? "make space on the file system of the state directory" : nil)
  }
}

extension Descriptor {
  /// Why bytes could not be moved.
  struct WriteError: Error, CustomStringConvertible {
    let number: Int32
    var description: String { errnoText(number) }
  }

  func write(_ bytes: some Collection<UInt8>) throws(WriteError) {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(raw, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw WriteError(number: errno)
      }
      rest = rest.dropFirst(count)
    }
  }
}
