private import CTendFiles
internal import Tend

extension Placement {
  /// Makes what was kept under a temporary name, and puts it in the place of what is there.
  func restore(_ backup: Backup) throws(ProviderError) {
    let found = try run("look at") { () throws(SystemError) in try directory.status(of: name) }
    if let found {
      guard found.type == .file || found.type == .link else {
        throw .permanent(
          "\(path) is \(found.type.inWords), and is in the way", remedy: "move it away")
      }
      try keepBackup(mayMove: false)
    }
    let temporary = names.next(for: name)
    do throws(ProviderError) {
      let type = try make(temporary, backup)
      if Task.isCancelled { throw ProviderError.cancelled }
      try run("put in place") { () throws(SystemError) in
        try giveName(temporary, type, replacing: found)
      }
    } catch {
      try? directory.unlink(temporary)
      throw error
    }
    try sync()
  }

  private func make(_ temporary: String, _ backup: Backup) throws(ProviderError) -> EntryType {
    let wanted = Entry.Ownership(user: backup.owner, group: backup.group)
    switch backup.content {
    case .link(let target):
      let made = try run("make") { () throws(SystemError) -> Descriptor in
        try directory.makeLink(temporary, to: target)
        return try directory.open(temporary, OpenFlags.place)
      }
      try changeOwner(of: made, wanted)
      try setTime(of: temporary, backup)
      return .link
    case .file(let bytes):
      let made = try run("make") { () throws(SystemError) in try directory.makeFile(temporary) }
      try run("write") { () throws(SystemError) in try Self.copy(from: bytes, to: made) }
      try changeOwner(of: made, wanted)
      try setAttributes(of: made, backup)
      // After the owner, which takes special bits away.
      try changeMode(of: made, to: Permissions(backup.mode))
      try setTime(of: temporary, backup)
      try run("write") { () throws(SystemError) in _ = try check(tend_sync(made.raw)) }
      return .file
    }
  }

  /// From wherever the backup stands, to its end.
  private static func copy(
    from bytes: Int32, to made: borrowing Descriptor
  ) throws(SystemError) {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let size = buffer.count
      let count = try check(
        buffer.withUnsafeMutableBytes { tend_read(bytes, $0.baseAddress, size) })
      if count == 0 { return }
      try made.write(Array(buffer.prefix(count)))
    }
  }

  private func setAttributes(
    of made: borrowing Descriptor, _ backup: Backup
  ) throws(ProviderError) {
    for (attribute, value) in backup.attributes.sorted(by: { $0.key < $1.key }) {
      try run("set the attribute \(attribute) of") { () throws(SystemError) in
        _ = try check(
          value.withUnsafeBytes { bytes in
            attribute.withCString {
              tend_set_attribute(made.raw, $0, bytes.baseAddress, bytes.count)
            }
          })
      }
    }
  }

  private func setTime(of temporary: String, _ backup: Backup) throws(ProviderError) {
    try run("set the time of") { () throws(SystemError) in
      _ = try check(
        temporary.withCString {
          tend_set_modified(directory.descriptor.raw, $0, backup.modified.nanoseconds)
        })
    }
  }
}
