public import Tend

extension FileProvider {
  /// Makes, changes, replaces or removes one entry; durable when it returns, but for its name where
  /// the engine has those of many changes made durable together.
  ///
  /// Nothing half done is ever seen under the entry's own name, and a content that others put there
  /// since it was observed is not overwritten: that is a conflict.
  public func apply(
    _ change: Change<EntrySpec>, _ journal: Journal<EntrySpec>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    let attention = change.desired?.declared.attention
    attention?.beginWriting()
    defer {
      attention.map { attention in
        attention.endWriting {
          let directory = directories.held(at: attention.path.parent)
          return directory?.sight(of: attention.path.name) ?? .unknown
        }
      }
    }
    switch change.action {
    case .create(let spec):
      let bytes = try await spec.content?.read()
      let wanted = try accounts.resolve(spec.declared, at: context.now.nanoseconds)
      let place = try place(of: spec, change, context)
      try await place.create(Shape(creating: spec, bytes, wanted))
    case .update(let current, let spec):
      let writes = change.touches("content") || change.touches("target")
      let bytes = writes ? try await spec.content?.read() : nil
      let wanted = try accounts.resolve(spec.declared, at: context.now.nanoseconds)
      let place = try place(of: spec, change, context)
      let attributes = Attributes(updating: current.status, to: spec, wanted, change)
      if writes {
        try await place.update(current.status, spec, Shape(spec.declared.form, bytes, attributes))
      } else {
        try place.change(current.status, to: attributes)
        try purge(current, change, context)
      }
    case .replace(let current, let spec):
      let bytes = try await spec.content?.read()
      let wanted = try accounts.resolve(spec.declared, at: context.now.nanoseconds)
      let place = try place(of: spec, change, context)
      try await place.replace(current.status, with: spec, Shape(creating: spec, bytes, wanted))
    case .delete(let current):
      watch.forget(current.id)
      return try delete(current, change, context)
    }
    return .done
  }

  /// Removes what the change names of that which nobody declares.
  private func purge(
    _ current: Entry, _ change: Change<EntrySpec>, _ context: Context
  ) throws(ProviderError) {
    let strangers = current.strangers.filter { change.touches($0.field) }
    guard !strangers.isEmpty else { return }
    let inside = Location(inside: current.id)
    guard let directory = try directory(of: inside, at: context.now.nanoseconds, anew: true),
      directory.inode == current.status.inode, directory.device == current.status.device
    else { throw .conflict("\(current.id) was changed since it was looked at") }
    try Purge(current.id, directory, context).remove(strangers)
  }

  private func place(
    of spec: EntrySpec, _ change: Change<EntrySpec>, _ context: Context
  ) throws(ProviderError) -> Placement {
    let location = spec.declared.location
    guard let directory = try directory(of: location, at: context.now.nanoseconds, anew: true)
    else {
      try requireParent(of: spec)
      throw .conflict("the directory \(location.parent) has gone")
    }
    try confine(location, in: directory, context)
    return placement(location, directory, change, context)
  }

  private func placement(
    _ location: Location, _ directory: HeldDirectory, _ change: Change<EntrySpec>,
    _ context: Context
  ) -> Placement {
    // Before this run makes anything there: what a killed one left behind.
    directory.sweepOnce { Leftovers(names).sweep(directory) }
    return Placement(location, directory, names, change, context, root: root)
  }

  private func delete(
    _ current: Entry, _ change: Change<EntrySpec>, _ context: Context
  ) throws(ProviderError) -> Outcome {
    let now = context.now.nanoseconds
    let location = Location(current.id)
    guard let directory = try directory(of: location, at: now, anew: true) else { return .done }
    try confine(location, in: directory, context)
    let place = placement(location, directory, change, context)
    if current.status.type != .directory {
      try place.remove(current.status, keepingBackup: !current.memory.keepsNoBackup)
      return .done
    }
    let inside = Location(inside: current.id)
    return try place.removeDirectory(current.status) { () throws(ProviderError) in
      try self.directory(of: inside, at: now, anew: true)
    }
  }
}

extension Change<EntrySpec> {
  /// What is to be there afterwards; nil for a delete.
  var desired: EntrySpec? {
    switch action {
    case .create(let spec), .update(_, to: let spec), .replace(_, with: let spec): spec
    case .delete: nil
    }
  }
}

extension Change<EntrySpec> {
  /// How what exists is; nil for a create.
  var found: Status? {
    switch action {
    case .create: nil
    case .update(let current, to: _), .replace(let current, with: _), .delete(let current):
      current.status
    }
  }
}

/// What is written under a name: its sort, its content and its attributes.
struct Shape {
  let form: EntrySpec.Form
  let bytes: [UInt8]
  let attributes: Attributes

  /// What sort of entry it makes.
  var type: EntryType { form.type }

  init(_ form: EntrySpec.Form, _ bytes: [UInt8]?, _ attributes: Attributes) {
    self.form = form
    self.bytes = bytes ?? []
    self.attributes = attributes
  }

  /// As a create makes it.
  init(creating spec: EntrySpec, _ bytes: [UInt8]?, _ wanted: Entry.Ownership) {
    self.init(
      spec.declared.form, bytes,
      Attributes(permissions: spec.permissionsOnCreate, ownership: wanted))
  }
}

/// The attributes that a change writes; nil is left as it is.
struct Attributes {
  var permissions: Permissions?
  var ownership: Entry.Ownership
  /// Those of the entry that is changed, which a rewritten one keeps; nil on create.
  var found: (permissions: Permissions, user: UInt32, group: UInt32)?

  init(permissions: Permissions?, ownership: Entry.Ownership) {
    self.permissions = permissions
    self.ownership = ownership
  }

  /// Only those that the change names.
  init(
    updating status: Status, to spec: EntrySpec, _ wanted: Entry.Ownership,
    _ change: Change<EntrySpec>
  ) {
    permissions = change.touches("mode") ? spec.declared.permissions : nil
    ownership = Entry.Ownership(
      user: change.touches("owner") ? wanted.user : nil,
      group: change.touches("group") ? wanted.group : nil)
    found = (status.permissions, status.user, status.group)
  }

  /// What both the old and the new permissions allow; nothing where the owner changes too.
  func narrowest(from status: Status) -> Permissions {
    guard ownership == Entry.Ownership() else { return Permissions(0) }
    return Permissions(status.mode & (permissions?.bits ?? status.mode))
  }
}
