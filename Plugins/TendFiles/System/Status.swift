internal import CTendFiles

/// What the kernel knows of an entry; times are nanoseconds since 1970.
struct Status: Sendable {
  var device: UInt64
  var inode: UInt64
  var size: UInt64
  var modified: Int64
  var changed: Int64
  var mode: UInt32
  var user: UInt32
  var group: UInt32
  var links: UInt32
  var isMountPoint: Bool

  /// Looks at an entry without following it, or at a descriptor itself where the name is empty.
  init(of name: String, in directory: Int32) throws(SystemError) {
    var found = tend_status()
    try check(name.withCString { tend_status_of(directory, $0, &found) })
    self.init(found)
  }

  init(_ found: tend_status) {
    device = found.device
    inode = found.inode
    size = found.size
    modified = found.modified
    changed = found.changed
    mode = found.mode
    user = found.user
    group = found.group
    links = found.links
    isMountPoint = found.is_mount_point != 0
  }

  /// The same, nil where there is no such entry.
  static func ifPresent(_ name: String, in directory: Int32) throws(SystemError) -> Status? {
    do {
      return try Status(of: name, in: directory)
    } catch {
      if error.code == ErrorCode.missing { return nil }
      throw error
    }
  }

  /// What sort of thing it is.
  var type: EntryType { EntryType(mode: mode) }

  /// Its permission bits.
  var permissions: Permissions { Permissions(mode) }

  /// Whether a file has the content that was written into it, though its name was given since.
  ///
  /// The clock that stamps changes may stand still for some milliseconds. Once it has stamped the
  /// new name with a later time, whoever writes leaves a later one too.
  func provesContent(writtenAt written: Status) -> Bool {
    modified == written.modified && size == written.size && changed > written.modified
  }

  /// Whether both are one thing that nobody has touched in between.
  ///
  /// A directory changes with what is made in it, so for one only its own attributes count.
  func isUntouched(since earlier: Status) -> Bool {
    guard device == earlier.device, inode == earlier.inode, mode == earlier.mode,
      user == earlier.user, group == earlier.group
    else { return false }
    return type == .directory || (changed == earlier.changed && size == earlier.size)
  }
}
