internal import Tend

/// One close look at a file: reads it, and gathers what a person wants to see where it differs.
struct Look {
  private let spec: EntrySpec
  private let content: FileContent
  private let location: Location
  private let directory: HeldDirectory
  private let wanted: Entry.Ownership
  private let isSecret: Bool
  private let now: Int64

  /// How often a file is read again that others write at the same moment.
  private static let mostTries = 3

  init(
    _ spec: EntrySpec, _ content: FileContent, _ location: Location, _ directory: HeldDirectory,
    _ wanted: Entry.Ownership, isSecret: Bool, _ now: Int64
  ) {
    self.spec = spec
    self.content = content
    self.location = location
    self.directory = directory
    self.wanted = wanted
    self.isSecret = isSecret
    self.now = now
  }

  /// What was read of a file.
  private struct Reading {
    let status: Status
    /// Nil where its size alone tells that it differs.
    let digest: Digest?
    /// The bytes, where they may be shown.
    let bytes: [UInt8]?
  }

  /// The file as it is; nil where it has gone in between.
  func entry(_ context: Context) async throws(ProviderError) -> Entry? {
    guard let reading = try read(showsPrivate: context.showsPrivate) else { return nil }
    var memory = EntryMemory(
      type: .file, keepsNoBackup: !spec.declared.keepsBackup, isSecret: isSecret, reading: nil)
    let keyed = isSecret ? reading.digest?.keyed(by: context) : nil
    if let digest = isSecret ? keyed : reading.digest {
      memory.reading = .init(reading.status, takenAt: now, digest: digest)
    }
    var evidence = Entry.Evidence(of: reading.status, beside: wanted)
    if reading.digest == content.digest {
      if let keyed { content.remember(keyed: keyed) }
    } else {
      var found = evidence ?? Entry.Evidence()
      if isSecret {
        found.keyedActual = keyed
        found.keyedDesired = content.keyedDigest(context)
        if context.showsPrivate {
          found.hidden = await texts(beside: reading.bytes).map { Sensitive($0) }
        }
      } else {
        found.texts = await texts(beside: reading.bytes)
      }
      evidence = found
    }
    return Entry(
      id: spec.id, memory: memory, status: reading.status, digest: reading.digest, target: nil,
      wanted: wanted, evidence: evidence)
  }

  private func read(showsPrivate: Bool) throws(ProviderError) -> Reading? {
    do {
      for _ in 0..<Self.mostTries {
        if let reading = try readOnce(!isSecret || showsPrivate) { return reading }
      }
    } catch {
      if error.code == ErrorCode.missing { return nil }
      throw ProviderError(error, "read", spec.id.description)
    }
    throw .transient("\(spec.id) is being changed while it is read")
  }

  /// Nil where the file changed while it was read.
  private func readOnce(_ maySee: Bool) throws(SystemError) -> Reading? {
    guard let file = try openIfFile() else { return nil }
    let before = try file.status()
    guard before.type == .file else { return nil }
    if before.size == 0, !directory.keepsTimes { return try readUnsized(file, before, maySee) }
    let isShown = maySee && before.size <= FileContent.largestText
    guard isShown || before.size == content.size else {
      return Reading(status: before, digest: nil, bytes: nil)
    }
    var digester = Digester(content.digest.algorithm, size: Int(clamping: before.size))
    var bytes: [UInt8] = []
    var size: UInt64 = 0
    try file.read { piece in
      digester.update(piece)
      if isShown { bytes += piece }
      size += UInt64(piece.count)
      return size <= before.size
    }
    guard size == before.size, try file.status().isUntouched(since: before) else { return nil }
    return Reading(status: before, digest: digester.finish(), bytes: isShown ? bytes : nil)
  }

  /// Nil where something else has taken its place, which is looked at again.
  private func openIfFile() throws(SystemError) -> Descriptor? {
    do {
      return try directory.open(location.name, OpenFlags.reading)
    } catch {
      let isSomethingElse =
        error.code == ErrorCode.tooManySymbolicLinks || error.code == ErrorCode.noDevice
      if isSomethingElse { return nil }
      throw error
    }
  }

  /// A file whose size is not known before it is read, such as those of /proc.
  private func readUnsized(
    _ file: borrowing Descriptor, _ status: Status, _ maySee: Bool
  ) throws(SystemError) -> Reading {
    var bytes: [UInt8] = []
    try file.read { piece in
      bytes += piece
      return bytes.count <= FileContent.largestText
    }
    let digest = Digester.digest(content.digest.algorithm, of: bytes)
    return Reading(status: status, digest: digest, bytes: maySee ? bytes : nil)
  }

  /// Both sides of a readable diff; a side that can't be shown is nil.
  private func texts(beside actual: [UInt8]?) async -> Difference.Text? {
    var desired = content.text
    if case .source(let file) = content.bytes, content.size <= FileContent.largestText {
      desired = (try? await file.read()).flatMap(FileContent.text)
    }
    let text = actual.flatMap(FileContent.text)
    return text == nil && desired == nil ? nil : .init(actual: text, desired: desired)
  }
}
