private import CTendFiles

extension HeldDirectory {
  /// How an entry is now; nil where there is none.
  func status(of name: String) throws(SystemError) -> Status? {
    try Status.ifPresent(name, in: descriptor.raw)
  }

  /// Opens an entry; never waits and never follows it.
  func open(_ name: String, _ flags: Int32) throws(SystemError) -> Descriptor {
    try Descriptor(name.withCString { tend_open(descriptor.raw, $0, flags, 0) })
  }

  /// Makes a file that only its owner may read, from the first instant, and locks it.
  ///
  /// The lock tells others that the file is still being written.
  func makeFile(_ name: String) throws(SystemError) -> Descriptor {
    let file = try Descriptor(
      name.withCString { tend_open(descriptor.raw, $0, OpenFlags.creating, 0o600) })
    // File systems without locks lose nothing but the protection from another agent's sweep.
    _ = tend_lock(file.raw)
    return file
  }

  func makeDirectory(_ name: String) throws(SystemError) {
    try check(name.withCString { tend_make_directory(descriptor.raw, $0, 0o700) })
  }

  func makeLink(_ name: String, to target: String) throws(SystemError) {
    try check(
      name.withCString { name in
        target.withCString { tend_make_link(descriptor.raw, name, $0) }
      })
  }

  /// Removes a name that is no directory's.
  func unlink(_ name: String) throws(SystemError) {
    try check(name.withCString { tend_unlink(descriptor.raw, $0) })
  }

  /// Removes an empty directory.
  func removeDirectory(_ name: String) throws(SystemError) {
    try check(name.withCString { tend_remove_directory(descriptor.raw, $0) })
  }

  /// Puts an entry in the place of another.
  func rename(_ name: String, over other: String) throws(SystemError) {
    try check(
      name.withCString { name in
        other.withCString { tend_rename(descriptor.raw, name, $0) }
      })
  }

  /// Gives an entry a name that nothing has; throws `exists` where something has it.
  func rename(_ name: String, toNew other: String, _ type: EntryType) throws(SystemError) {
    do {
      try check(
        name.withCString { name in
          other.withCString { tend_rename_new(descriptor.raw, name, $0) }
        })
    } catch {
      // Some file systems can't rename so; a second name never replaces anything either.
      guard error.code == ErrorCode.invalid, type != .directory else { throw error }
      try check(
        name.withCString { name in
          other.withCString { tend_link(descriptor.raw, name, $0) }
        })
      try unlink(name)
    }
  }

  /// Whether nobody may change an entry, and with which flag of chattr(1).
  func isFrozen(_ name: String) -> (isFrozen: Bool, flag: String) {
    let answer = name.withCString { tend_is_frozen(descriptor.raw, $0) }
    return (answer != 0, answer == 2 ? "a" : "i")
  }

  /// The names in a directory of it that are wanted, up to a number of them.
  func names(
    in directory: String = ".", atMost limit: Int = .max,
    where isWanted: @escaping (String) -> Bool = { _ in true }
  ) throws(SystemError) -> [String] {
    try open(directory, OpenFlags.place).names(atMost: limit, where: isWanted)
  }
}

extension Descriptor {
  /// The names in an open directory that are wanted, up to a number of them.
  func names(
    atMost limit: Int = .max, where isWanted: @escaping (String) -> Bool = { _ in true }
  ) throws(SystemError) -> [String] {
    let names = Names(limit, isWanted)
    try check(
      tend_list(raw, Unmanaged.passUnretained(names).toOpaque()) { context, name in
        guard let context, let name else { return 0 }
        let names = Unmanaged<Names>.fromOpaque(context).takeUnretainedValue()
        return names.add(String(cString: name)) ? 0 : 1
      })
    return names.found
  }
}

/// Where a listing is collected.
private final class Names {
  private(set) var found: [String] = []
  private let limit: Int
  private let isWanted: (String) -> Bool

  init(_ limit: Int, _ isWanted: @escaping (String) -> Bool) {
    self.limit = limit
    self.isWanted = isWanted
  }

  /// Whether there is room for more.
  func add(_ name: String) -> Bool {
    if isWanted(name) { found.append(name) }
    return found.count < limit
  }
}
