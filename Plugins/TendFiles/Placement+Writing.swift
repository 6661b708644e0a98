private import CTendFiles
internal import Tend

extension Placement {
  /// Makes an entry ready under a temporary name and then gives it its own: over what was found, or
  /// where nothing may be.
  func take(_ shape: Shape, replacing found: Status?) async throws(ProviderError) {
    let temporary = names.next(for: name)
    do throws(ProviderError) {
      let ready = try makeReady(temporary, shape, replacing: found)
      try await validate(temporary, shape, ready)
      if Task.isCancelled { throw ProviderError.cancelled }
      try run("put in place") { () throws(SystemError) in
        try giveName(temporary, shape.type, replacing: found)
      }
      wrote(ready.entry, since: ready.written)
    } catch {
      discard(temporary, shape)
      throw error
    }
  }

  /// Has the content accepted, under its temporary name.
  private func validate(
    _ temporary: String, _ shape: Shape, _ ready: borrowing Ready
  ) async throws(ProviderError) {
    guard let validator, shape.type == .file else { return }
    let made = try run("look at") { () throws(SystemError) in try ready.entry.status() }
    try await validator.check(temporary, as: made, context)
  }

  private func discard(_ temporary: String, _ shape: Shape) {
    if case .directory = shape.form {
      try? directory.removeDirectory(temporary)
    } else {
      try? directory.unlink(temporary)
    }
  }

  func giveName(
    _ temporary: String, _ type: EntryType, replacing found: Status?
  ) throws(SystemError) {
    guard let found else { return try directory.rename(temporary, toNew: name, type) }
    guard let current = try directory.status(of: name), current.isUntouched(since: found) else {
      throw SystemError(code: ErrorCode.exists)
    }
    try directory.rename(temporary, over: name)
  }

  /// A finished entry, still open: a file stays locked until it has its name.
  private struct Ready: ~Copyable {
    let entry: Descriptor
    /// How a file was once its content was written; nil for all else.
    let written: Status?
  }

  private func makeReady(
    _ temporary: String, _ shape: Shape, replacing found: Status?
  ) throws(ProviderError) -> Ready {
    let made = try run("make") { () throws(SystemError) -> Descriptor in
      switch shape.form {
      case .file: return try directory.makeFile(temporary)
      case .directory: try directory.makeDirectory(temporary)
      case .link(let target): try directory.makeLink(temporary, to: target)
      }
      return try directory.open(temporary, OpenFlags.place)
    }
    let written = shape.type == .file ? try write(shape.bytes, into: made) : nil
    try changeOwner(of: made, written, to: shape.attributes)
    if shape.type == .file, found?.type == .file { try copyAttributes(to: made) }
    if let permissions = shape.attributes.permissions ?? shape.attributes.found?.permissions,
      shape.type != .link
    {
      try changeMode(of: made, to: permissions)
    }
    if shape.type == .file {
      try run("write") { () throws(SystemError) in _ = try check(tend_sync(made.raw)) }
    }
    return Ready(entry: made, written: written)
  }

  /// Writes the content, and says how the file is then.
  private func write(
    _ bytes: [UInt8], into made: borrowing Descriptor
  ) throws(ProviderError) -> Status {
    try run("write") { () throws(SystemError) in
      try made.write(bytes)
      return try made.status()
    }
  }

  /// Gives what was made the declared owner, or that of what it replaces.
  ///
  /// Before the permission bits: a change of the owner takes special bits away.
  private func changeOwner(
    of made: borrowing Descriptor, _ status: Status?, to attributes: Attributes
  ) throws(ProviderError) {
    var wanted = attributes.ownership
    if let found = attributes.found {
      let own: Status
      if let status {
        own = status
      } else {
        own = try run("look at") { () throws(SystemError) in try made.status() }
      }
      wanted.user = wanted.user ?? (found.user == own.user ? nil : found.user)
      wanted.group = wanted.group ?? (found.group == own.group ? nil : found.group)
    }
    try changeOwner(of: made, wanted)
  }

  func changeOwner(
    of entry: borrowing Descriptor, _ wanted: Entry.Ownership
  ) throws(ProviderError) {
    guard wanted.user != nil || wanted.group != nil else { return }
    try run("set the owner of") { () throws(SystemError) in
      // The highest number means "leave it alone"; see chown(2).
      _ = try check(tend_change_owner(entry.raw, wanted.user ?? .max, wanted.group ?? .max))
    }
  }

  func changeMode(
    of entry: borrowing Descriptor, to permissions: Permissions
  ) throws(ProviderError) {
    try run("set the mode of") { () throws(SystemError) in
      _ = try check(tend_change_mode(entry.raw, permissions.bits))
    }
  }

  /// Carries over what the replaced file has besides: ACL, label, other extended attributes.
  private func copyAttributes(to made: borrowing Descriptor) throws(ProviderError) {
    let old = try run("open") { () throws(SystemError) in
      try directory.open(name, OpenFlags.place)
    }
    let (code, failed) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) {
      let code = tend_copy_attributes(old.raw, made.raw, $0.baseAddress, $0.count)
      return (code, $0.baseAddress.map { String(cString: $0) } ?? "")
    }
    guard code < 0 else { return }
    try run("carry over the attribute \(failed) of") { () throws(SystemError) in
      _ = try check(code)
    }
  }

  /// Writes into the file itself: not atomic, and so declared.
  func overwrite(
    _ found: Status, keepingBackup keeps: Bool, _ shape: Shape
  ) async throws(ProviderError) {
    if validator != nil { try await rehearse(shape, replacing: found) }
    if keeps { try keepBackup(mayMove: false) }
    let file = try run("open") { () throws(SystemError) in
      try directory.open(name, OpenFlags.writing)
    }
    try verify(file, found)
    if Task.isCancelled { throw .cancelled }
    // Neither the old content nor the new one is ever open to more than both modes allow.
    let narrow = shape.attributes.narrowest(from: found)
    if narrow != found.permissions { try changeMode(of: file, to: narrow) }
    try run("write") { () throws(SystemError) in
      try file.write(shape.bytes)
      _ = try check(tend_truncate(file.raw, Int64(shape.bytes.count)))
    }
    try changeOwner(of: file, shape.attributes.ownership)
    try changeMode(of: file, to: shape.attributes.permissions ?? found.permissions)
    wrote(file)
    try run("write") { () throws(SystemError) in _ = try check(tend_sync(file.raw)) }
  }

  /// Has the content accepted in a file that is made for that alone.
  private func rehearse(_ shape: Shape, replacing found: Status) async throws(ProviderError) {
    let temporary = names.next(for: name)
    defer { discard(temporary, shape) }
    let ready = try makeReady(temporary, shape, replacing: found)
    try await validate(temporary, shape, ready)
  }

  /// Changes owner, group and mode where they are, and rewrites nothing.
  func change(_ found: Status, to attributes: Attributes) throws(ProviderError) {
    let entry = try run("open") { () throws(SystemError) in
      try directory.open(name, OpenFlags.place)
    }
    try verify(entry, found)
    try change(entry, found, to: attributes)
    wrote(entry)
    // What can't be opened can't be synced by itself; its directory's journal has it soon.
    guard found.type != .link, let opened = try? directory.open(name, OpenFlags.reading) else {
      return
    }
    try run("sync") { () throws(SystemError) in _ = try check(tend_sync(opened.raw)) }
  }

  private func change(
    _ entry: borrowing Descriptor, _ found: Status, to attributes: Attributes
  ) throws(ProviderError) {
    try changeOwner(of: entry, attributes.ownership)
    guard found.type != .link else { return }
    // A new owner takes special bits away; those that the change does not name come back.
    let hasLostBits =
      attributes.ownership != Entry.Ownership() && found.permissions.bits & 0o7000 != 0
    let permissions = attributes.permissions ?? (hasLostBits ? found.permissions : nil)
    if let permissions { try changeMode(of: entry, to: permissions) }
  }
}
