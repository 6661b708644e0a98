internal import Glibc
internal import SystemPackage

/// The mirror as files: what is done without Git, on a thread that may block.
struct MirrorFiles: Sendable {
  /// The folder of one repository.
  let home: FilePath

  var repository: FilePath { home.appending("mirror.git") }
  var lock: FilePath { home.appending("lock") }
  var readers: FilePath { home.appending("readers") }
  private var aside: FilePath { home.appending("mirror.git.corrupt") }

  /// Makes the folder and those above it, for this user alone.
  func makeHome() throws(Errno) {
    var path = FilePath(root: home.root ?? "/")
    for component in home.components {
      path.append(component)
      guard mkdir(path.string, 0o700) == 0 || errno == EEXIST || errno == EISDIR else {
        throw Errno(rawValue: errno)
      }
    }
  }

  /// Whether something that Git takes for a repository may stand there.
  var exists: Bool { access(repository.appending("HEAD").string, F_OK) == 0 }

  /// Removes what a git that was killed left behind; only for who has the lock.
  ///
  /// No other git works here meanwhile, so every lock file is stale and every temporary pack is
  /// garbage, whatever process ids they name.
  func sweep() {
    for name in Self.names(repository) where name.hasSuffix(".lock") || name == "gc.pid" {
      unlink(repository.appending(name).string)
    }
    sweepLocks(repository.appending("refs"), depth: 8)
    let objects = repository.appending("objects")
    sweepLocks(objects.appending("info"), depth: 2)
    for name in Self.names(objects) where name.hasPrefix("tmp_") || name.hasSuffix(".lock") {
      remove(objects.appending(name), depth: 4)
    }
    let packs = objects.appending("pack")
    for name in Self.names(packs)
    where name.hasPrefix("tmp_") || name.hasPrefix(".tmp") || name.hasSuffix(".lock") {
      unlink(packs.appending(name).string)
    }
  }

  /// Moves a mirror that can't be used out of the way; the one before it goes.
  func setAside() throws(Errno) {
    remove(aside, depth: 16)
    guard rename(repository.string, aside.string) == 0 || errno == ENOENT else {
      throw Errno(rawValue: errno)
    }
  }

  /// How many packs and, estimated from one of 256 folders, loose objects there are.
  func clutter() -> (packs: Int, loose: Int) {
    let objects = repository.appending("objects")
    let packs = Self.names(objects.appending("pack")).count { $0.hasSuffix(".pack") }
    return (packs, Self.names(objects.appending("17")).count * 256)
  }

  /// The commit that a ref of the mirror names, where it stands in a file of its own.
  func read(_ ref: String) -> ObjectID? {
    guard
      let file = try? FileDescriptor.open(
        repository.pushing(FilePath(ref)), .readOnly, options: [.closeOnExec])
    else { return nil }
    defer { try? file.close() }
    let bytes = [UInt8](unsafeUninitializedCapacity: 41) { buffer, count in
      count = (try? file.read(into: UnsafeMutableRawBufferPointer(buffer))) ?? 0
    }
    return ObjectID(hex: bytes.prefix(40))
  }

  /// Removes the oldest refs to commits that no remote has any more, until so many are left.
  func trimKept(to count: Int) {
    let folder = repository.appending("refs/tend/kept")
    let refs = Self.names(folder).map { name -> (age: Int, path: String) in
      let path = folder.appending(name).string
      var record = stat()
      return (lstat(path, &record) == 0 ? record.st_mtim.tv_sec : 0, path)
    }
    for ref in refs.sorted(by: { ($0.age, $0.path) > ($1.age, $1.path) }).dropFirst(count) {
      unlink(ref.path)
    }
  }

  /// Bytes that objects take on the disk, with those that are being written.
  func bytes() -> Int {
    let objects = repository.appending("objects")
    return Self.names(objects).reduce(into: 0) { sum, folder in
      let path = objects.appending(folder)
      for name in Self.names(path) {
        var record = stat()
        if lstat(path.appending(name).string, &record) == 0 { sum &+= Int(record.st_size) }
      }
    }
  }

  private func sweepLocks(_ folder: FilePath, depth: Int) {
    guard depth > 0 else { return }
    for name in Self.names(folder) {
      let path = folder.appending(name)
      if name.hasSuffix(".lock") {
        unlink(path.string)
      } else {
        sweepLocks(path, depth: depth - 1)
      }
    }
  }

  /// Removes a tree of our own state; links are removed, never followed.
  private func remove(_ path: FilePath, depth: Int) {
    guard unlink(path.string) != 0, errno == EISDIR || errno == EPERM, depth > 0 else { return }
    for name in Self.names(path) { remove(path.appending(name), depth: depth - 1) }
    rmdir(path.string)
  }

  /// The names in a folder; none where it is no folder.
  private static func names(_ folder: FilePath) -> [String] {
    let descriptor = open(folder.string, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    return DirectoryNames.read(FileDescriptor(rawValue: descriptor)) ?? []
  }
}

/// The names in a folder that is open.
enum DirectoryNames {
  /// Reads them in no order and closes the descriptor; nil where reading fails.
  ///
  /// A name that is not UTF-8 comes out repaired, and so is found by nobody. `isWanted` is asked
  /// for the type of each (DT_DIR and others), which some file systems don't tell (DT_UNKNOWN).
  static func read(
    _ descriptor: FileDescriptor, where isWanted: (UInt8) -> Bool = { _ in true }
  ) -> [String]? {
    guard let stream = fdopendir(descriptor.rawValue) else {
      try? descriptor.close()
      return nil
    }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
      guard isWanted(entry.pointee.d_type) else { continue }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: Int(entry.pointee.d_reclen)) {
          String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
      errno = 0
    }
    return errno == 0 ? names : nil
  }
}
