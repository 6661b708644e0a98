public import Tend

extension FileProvider {
  /// The entry as it is; nil where it is absent.
  ///
  /// A file that looks as it did when it was read last is not read again.
  public func observe(
    _ target: Target<EntrySpec>, _ context: Context
  ) async throws(ProviderError) -> Entry? {
    let now = context.now.nanoseconds
    let location = target.desired?.declared.location ?? Location(target.id)
    let attention = target.desired?.declared.attention
    guard let (directory, found, verdict) = try look(location, attention, at: now) else {
      guard let spec = target.desired, !declaresParent(of: spec) else { return nil }
      if try awaitParent(of: spec, at: now) { return try await observe(target, context) }
      throw missingParent(of: spec)
    }
    try confine(location, in: directory, context)
    try makeUp(in: directory, for: location.path)
    guard verdict != .changedByOthers else {
      // What we wrote did not come out different: somebody else was there at once.
      throw .conflict("\(target.id) was changed by somebody else right after it was written")
    }
    guard let status = found else {
      try refuseRival(of: target.desired, in: directory, at: now)
      return nil
    }
    guard let spec = target.desired else { return undeclared(target, status) }
    if directory.realPath != nil { try refuseRival(of: spec, in: directory, at: now) }
    let wanted = try accounts.resolve(spec.declared, at: now)
    if let content = spec.content, status.type == .file {
      let isSecret = spec.isSecret(found: status.permissions)
      if let memory = target.memory, let reading = memory.reading, directory.keepsTimes,
        status.device == directory.device, memory.isSecret == isSecret,
        reading.vouches(for: status, at: now, spreadBy: location.pathHash),
        content.isCurrent(reading.digest, context)
      {
        return Entry(
          spec, status, reading: reading, isSecret: isSecret, wanted, digest: content.digest)
      }
      if verdict == .holdsContent, directory.keepsTimes {
        let digest = isSecret ? content.keyedDigest(context) : content.digest
        let reading = EntryMemory.Reading(status, takenAt: now, digest: digest)
        return Entry(
          spec, status, reading: reading, isSecret: isSecret, wanted, digest: content.digest)
      }
      let look = Look(spec, content, location, directory, wanted, isSecret: isSecret, now)
      return try await look.entry(context)
    }
    var entry = try plain(spec, status, location, directory, wanted)
    if spec.declared.purges, status.type == .directory, target.memory != nil {
      // Known from before: not the first pass, in which all that was there would be strange.
      entry.strangers = try strangers(in: spec, at: now)
    }
    return entry
  }

  /// An entry is as declared only once it is durable.
  private func makeUp(
    in directory: HeldDirectory, for path: EntryPath
  ) throws(ProviderError) {
    do {
      try directory.makeUp()
    } catch {
      throw ProviderError(error, "sync the directory of", path.description)
    }
  }

  private func strangers(in spec: EntrySpec, at now: Int64) throws(ProviderError) -> [Stranger] {
    let inside = Location(inside: spec.id)
    guard let directory = try directory(of: inside, at: now, anew: true) else { return [] }
    return try Census(spec, directory, names).strangers()
  }

  /// Throws where the unit may not touch an entry where it really lies, once links are followed.
  ///
  /// The directory is held: what is done in it is done where this looked.
  func confine(
    _ location: Location, in directory: HeldDirectory, _ context: Context
  ) throws(ProviderError) {
    guard let real = directory.realPath else { return }
    let path = "\(real)/\(location.name)"
    let onMachine = RootedPath(path).map { $0.root + $0.path } ?? path
    try context.confine(Access(.path, onMachine, field: "path"))
  }

  /// An entry that is no longer declared; nil where another one has taken its place.
  private func undeclared(_ target: Target<EntrySpec>, _ status: Status) -> Entry? {
    let memory =
      target.memory
      ?? EntryMemory(type: status.type, keepsNoBackup: false, isSecret: true, reading: nil)
    guard status.type == memory.type else { return nil }
    return Entry(
      id: target.id, memory: memory, status: status, digest: nil, target: nil,
      wanted: Entry.Ownership(), evidence: nil)
  }

  /// All that has no content to compare: directories, links, and what is not of the declared kind.
  private func plain(
    _ spec: EntrySpec, _ status: Status, _ location: Location, _ directory: HeldDirectory,
    _ wanted: Entry.Ownership
  ) throws(ProviderError) -> Entry {
    guard status.type.kind != nil else {
      throw .permanent(
        "\(spec.id) is \(status.type.inWords), not \(spec.type.inWords)",
        remedy: "remove it, or choose another path", field: "path")
    }
    var target: String?
    if status.type == .link {
      do {
        target = try directory.open(location.name, OpenFlags.place).readLink()
      } catch {
        throw ProviderError(error, "read", spec.id.description)
      }
    }
    let memory = EntryMemory(
      type: spec.type, keepsNoBackup: !spec.declared.keepsBackup,
      isSecret: spec.declared.isSensitive, reading: nil)
    return Entry(
      id: spec.id, memory: memory, status: status, digest: nil, target: target, wanted: wanted,
      evidence: Entry.Evidence(of: status, beside: wanted))
  }

  /// The directory that holds an entry; nil where there is none.
  func directory(
    of location: Location, at now: Int64, anew: Bool = false
  ) throws(ProviderError) -> HeldDirectory? {
    do {
      return try directories.directory(of: location, at: now, anew: anew)
    } catch {
      throw ProviderError(error, location.path)
    }
  }

  /// The directory of an entry, nil where there is none, how the entry is now, and what that means
  /// beside what we have written.
  private func look(
    _ location: Location, _ attention: Attention?, at now: Int64
  ) throws(ProviderError) -> (HeldDirectory, Status?, Attention.Verdict)? {
    attention?.beginLook()
    defer { attention?.endLook() }
    guard var (directory, status) = try find(location, attention, at: now) else { return nil }
    var verdict = attention?.saw(.init(status)) ?? .seen
    if verdict == .touched {
      guard let again = try find(location, attention, at: now) else { return nil }
      (directory, status) = again
      verdict = attention?.saw(.init(status)) ?? .seen
    }
    return (directory, status, verdict)
  }

  /// The directory of an entry, nil where there is none, and how the entry is now.
  ///
  /// A held directory may have been replaced, so it alone never proves that an entry is absent.
  private func find(
    _ location: Location, _ attention: Attention?, at now: Int64
  ) throws(ProviderError) -> (HeldDirectory, Status?)? {
    guard let held = try directory(of: location, at: now) else { return nil }
    if let status = try status(of: location, attention, in: held) { return (held, status) }
    guard let found = try directory(of: location, at: now, anew: true) else { return nil }
    return (found, found === held ? nil : try status(of: location, attention, in: found))
  }

  /// Watched from before it is looked at, so that no change falls between the two.
  private func status(
    of location: Location, _ attention: Attention?, in directory: HeldDirectory
  ) throws(ProviderError) -> Status? {
    if let attention {
      watch.attend(attention, as: location.name, in: directory, at: location.parent)
    }
    do {
      return try directory.status(of: location.name)
    } catch {
      throw ProviderError(error, "look at", location.path.description)
    }
  }

  /// Throws where the directory of an entry is missing and nobody declares it.
  func requireParent(of spec: EntrySpec) throws(ProviderError) {
    guard declaresParent(of: spec) else { throw missingParent(of: spec) }
  }

  private func declaresParent(of spec: EntrySpec) -> Bool {
    guard let path = EntryPath(spec.declared.location.parent) else { return false }
    return spec.siblings?.declaresDirectory(at: path) == true
  }

  private func missingParent(of spec: EntrySpec) -> ProviderError {
    let parent = spec.declared.location.parent
    if let rooted = RootedPath(parent), rooted.path.isEmpty {
      return .permanent(
        "\(spec.id) can't be made: there is no directory \(rooted.root), the root of the unit",
        remedy: "make it, or correct root", field: "path")
    }
    let written = RootedPath(parent)?.path ?? parent
    return .permanent(
      "\(spec.id) can't be made: there is no directory \(parent)",
      remedy: "declare the Directory \(written)", field: "path")
  }

  /// Throws where another declared path leads to the same entry through links.
  private func refuseRival(
    of spec: EntrySpec?, in directory: HeldDirectory, at now: Int64
  ) throws(ProviderError) {
    guard let spec, let siblings = spec.siblings, let real = directory.realPath,
      let path = EntryPath("\(real)/\(spec.declared.location.name)"),
      let rival = siblings.rival(of: spec.id, at: path)
    else { return }
    let there = try? self.directory(of: Location(rival), at: now, anew: true)
    guard there?.device == directory.device, there?.inode == directory.inode else {
      return siblings.retract(rival, from: path)
    }
    throw .permanent(
      "\(spec.id) and \(rival), both declared, lead to one entry: \(path)",
      remedy: "declare it once", field: "path")
  }
}

extension Entry {
  /// A file that is known to have its declared content.
  fileprivate init(
    _ spec: EntrySpec, _ status: Status, reading: EntryMemory.Reading, isSecret: Bool,
    _ wanted: Ownership, digest: Digest
  ) {
    self.init(
      id: spec.id,
      memory: EntryMemory(
        type: .file, keepsNoBackup: !spec.declared.keepsBackup, isSecret: isSecret,
        reading: reading),
      status: status, digest: digest, target: nil, wanted: wanted,
      evidence: Evidence(of: status, beside: wanted))
  }
}

extension Entry.Evidence {
  /// The names of owner and group where they differ from the wanted ones; nil where none does.
  init?(of status: Status, beside wanted: Entry.Ownership) {
    if let user = wanted.user, user != status.user {
      ownerName = Accounts.nameOfUser(status.user)
    }
    if let group = wanted.group, group != status.group {
      groupName = Accounts.nameOfGroup(status.group)
    }
    if ownerName == nil, groupName == nil { return nil }
  }
}

extension ProviderError {
  /// Why the directory of an entry was not reached.
  init(_ error: WalkError, _ path: EntryPath) {
    switch error {
    case .missing:
      self = .transient("the directory of \(path) is missing")
    case .notDirectory(let obstacle, let type):
      self = .permanent(
        "\(path) can't be reached: \(obstacle) is \(type.inWords), not a directory",
        remedy: "remove it, or choose another path", field: "path")
    case .untrusted(let link, let owner):
      self = .permanent(
        "\(path) can't be reached: the link \(link) belongs to \(Accounts.nameOfUser(owner)), or "
          + "lies where others can write, so it is not followed",
        remedy: "declare the path without the link, or let root own it and all above", field: "path"
      )
    case .tooManyLinks(let link):
      self = .permanent(
        "\(path) can't be reached: the links at \(link) lead on for too long",
        remedy: "declare the path without the links", field: "path")
    case .failed(let error, let place):
      self = ProviderError(error, "reach", place)
    }
  }
}
