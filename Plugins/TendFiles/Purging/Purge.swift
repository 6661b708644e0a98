private import CTendFiles
internal import Tend

/// Removes strangers from a directory: each is kept as a backup first, none by way of a link, and
/// none that has changed since it was looked at.
struct Purge {
  private let id: EntryPath
  private let directory: HeldDirectory
  private let context: Context

  init(_ id: EntryPath, _ directory: HeldDirectory, _ context: Context) {
    self.id = id
    self.directory = directory
    self.context = context
  }

  /// Removes them, what lies below something before it; durable when it returns.
  func remove(_ strangers: [Stranger]) throws(ProviderError) {
    var touched: Set<String> = []
    for stranger in strangers.reversed() {
      if Task.isCancelled { throw .cancelled }
      let (parent, name) = Self.split(stranger.path)
      let opened = try run(stranger) { () throws(SystemError) in try open(parent) }
      try remove(stranger, name, from: opened)
      touched.insert(parent)
    }
    for parent in touched.sorted() {
      // One that was itself removed has nothing left to sync.
      guard let opened = try? open(parent, ".") else { continue }
      _ = tend_sync(opened.raw)
    }
  }

  private func remove(
    _ stranger: Stranger, _ name: String, from parent: borrowing Descriptor
  ) throws(ProviderError) {
    let raw = parent.raw
    let current = try run(stranger) { () throws(SystemError) in
      try Status.ifPresent(name, in: raw)
    }
    guard let current else { return }
    guard current.type == stranger.status.type, current.isUntouched(since: stranger.status) else {
      throw .conflict("\(id)/\(stranger.path) was changed since it was looked at")
    }
    if current.type != .directory {
      try context.backups?.keep(
        BackupRequest(
          directory: raw, name: name, path: "\(id)/\(stranger.path)", mayMove: true,
          durable: !context.isRepair, adopted: false))
    }
    try run(stranger) { () throws(SystemError) in
      let code = name.withCString {
        current.type == .directory ? tend_remove_directory(raw, $0) : tend_unlink(raw, $0)
      }
      // The backup may have moved it.
      if code != -ErrorCode.missing { try check(code) }
    }
  }

  private func open(_ parent: String) throws(SystemError) -> Descriptor {
    let path = parent.isEmpty ? "." : parent
    return try Descriptor(path.withCString { tend_walk_below(directory.descriptor.raw, $0) })
  }

  /// The same for fsync(2).
  private func open(_ parent: String, _ name: String) throws(SystemError) -> Descriptor {
    let place = try open(parent)
    return try Descriptor(
      name.withCString { tend_open(place.raw, $0, OpenFlags.directory, 0) })
  }

  private func run<Result: ~Copyable>(
    _ stranger: Stranger, _ body: () throws(SystemError) -> Result
  ) throws(ProviderError) -> Result {
    do {
      return try body()
    } catch {
      let path = "\(id)/\(stranger.path)"
      switch error.code {
      case ErrorCode.missing, ErrorCode.notEmpty, ErrorCode.exists:
        throw .conflict("\(path) or its directory was changed by somebody else just now")
      default: throw ProviderError(error, "purge", path)
      }
    }
  }

  private static func split(_ path: String) -> (parent: String, name: String) {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
    return (String(path[..<slash]), String(path[path.utf8.index(after: slash)...]))
  }
}
