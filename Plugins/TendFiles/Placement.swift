internal import Tend

/// One name in one held directory, and how a change is carried out there.
///
/// The order of steps is the same everywhere: check that the entry is still what was observed, keep
/// a backup, make the new one ready under a temporary name, check again, take its place, sync.
struct Placement {
  let directory: HeldDirectory
  let name: String
  let path: EntryPath
  let names: TemporaryNames
  private let adopts: Bool
  let context: Context
  /// What must accept new content first.
  let validator: Validator?
  /// Who is told what was written; nil for a delete.
  private let attention: Attention?

  init(
    _ location: Location, _ directory: HeldDirectory, _ names: TemporaryNames,
    _ change: Change<EntrySpec>, _ context: Context, root: String?
  ) {
    self.directory = directory
    self.names = names
    self.context = context
    name = location.name
    path = location.path
    adopts = change.adopts
    attention = change.desired?.declared.attention
    validator = change.desired.flatMap { Validator($0, found: change.found, root: root) }
  }

  /// For what is brought back, whoever owns it.
  init(
    _ location: Location, _ directory: HeldDirectory, _ names: TemporaryNames, _ context: Context
  ) {
    self.directory = directory
    self.names = names
    self.context = context
    name = location.name
    path = location.path
    adopts = false
    attention = nil
    validator = nil
  }

  /// Makes what is absent.
  func create(_ shape: Shape) async throws(ProviderError) {
    try await take(shape, replacing: nil)
    try sync()
  }

  /// Writes the content or the target anew, and keeps all attributes that the change does not name.
  func update(_ found: Status, _ spec: EntrySpec, _ shape: Shape) async throws(ProviderError) {
    try verify(found)
    guard found.type == spec.type else {
      throw .permanent(
        "\(path) is \(found.type.inWords), not \(spec.type.inWords)",
        remedy: "remove it, or let its kind be replaced")
    }
    if spec.declared.replacement == .inPlace, spec.type == .file {
      return try await overwrite(found, keepingBackup: spec.declared.keepsBackup, shape)
    }
    if spec.declared.keepsBackup { try keepBackup(mayMove: false) }
    try await take(shape, replacing: found)
    try sync()
  }

  /// Puts an entry of one kind in the place of another.
  func replace(
    _ found: Status, with spec: EntrySpec, _ shape: Shape
  ) async throws(ProviderError) {
    try verify(found)
    switch (found.type, spec.type) {
    case (.directory, _):
      // One that is not empty holds what others put there: it is in the way and stays.
      if case .kept(let why) = try removeDirectory(found, inside: { nil }) {
        throw .permanent(
          "\(path) can't become \(spec.type.inWords): \(why)", remedy: "empty it, or move it away")
      }
      try await take(shape, replacing: nil)
    case (_, .directory):
      // Only a directory can't take the place of something else in one step.
      if spec.declared.keepsBackup { try keepBackup(mayMove: true) }
      try unlinkIfPresent()
      try await take(shape, replacing: nil)
    default:
      if spec.declared.keepsBackup { try keepBackup(mayMove: false) }
      try await take(shape, replacing: found)
    }
    try sync()
  }

  /// Removes a file or a link.
  func remove(_ found: Status, keepingBackup keeps: Bool) throws(ProviderError) {
    try verify(found)
    if keeps { try keepBackup(mayMove: true) }
    try unlinkIfPresent()
    try sync()
  }

  /// Throws a conflict where the entry is not what was observed.
  func verify(_ found: Status) throws(ProviderError) {
    let current = try run("look at") { () throws(SystemError) in try directory.status(of: name) }
    guard let current, current.type == found.type, current.isUntouched(since: found) else {
      throw .conflict("\(path) was changed since it was looked at")
    }
  }

  /// Throws a conflict where what was opened is not what was observed.
  func verify(_ opened: borrowing Descriptor, _ found: Status) throws(ProviderError) {
    let current = try run("look at") { () throws(SystemError) in try opened.status() }
    guard current.type == found.type, current.isUntouched(since: found) else {
      throw .conflict("\(path) was changed since it was looked at")
    }
  }

  /// What is there now is what we made; `written` is how a file was once its content was written.
  func wrote(_ made: borrowing Descriptor, since written: Status? = nil) {
    guard let attention else { return }
    do {
      let status = try made.status()
      let isContent = written.map { status.provesContent(writtenAt: $0) } ?? false
      attention.wrote(.present(status), isContent: isContent)
    } catch {
      attention.wrote(.unknown)
    }
  }

  func keepBackup(mayMove: Bool) throws(ProviderError) {
    try context.backups?.keep(
      BackupRequest(
        directory: directory.descriptor.raw, name: name, path: path.description,
        mayMove: mayMove, durable: !context.isRepair, adopted: adopts))
  }

  /// Makes the change of names durable, together with the others in the directory.
  func sync() throws(ProviderError) {
    try context.settle(directory) { () throws(ProviderError) in
      try run("sync the directory of") { () throws(SystemError) in try directory.sync() }
      context.backups?.rotate()
    }
  }

  /// Runs one step; a failure says what was tried, and why where that can be found out.
  func run<Result: ~Copyable>(
    _ action: String, _ body: () throws(SystemError) -> Result
  ) throws(ProviderError) -> Result {
    do {
      return try body()
    } catch {
      switch error.code {
      case ErrorCode.missing, ErrorCode.exists:
        throw .conflict("\(path) or its directory was changed by somebody else just now")
      case ErrorCode.notPermitted, ErrorCode.accessDenied:
        throw frozen(action) ?? ProviderError(error, action, path.description)
      default: throw ProviderError(error, action, path.description)
      }
    }
  }

  /// The error for an entry, or a directory, that a flag of chattr(1) protects; nil where none
  /// does.
  private func frozen(_ action: String) -> ProviderError? {
    for (name, place) in [(name, path.description), (".", path.parent)] {
      let (isFrozen, flag) = directory.isFrozen(name)
      guard isFrozen else { continue }
      return .notPermitted(
        "can't \(action) \(path): \(place) is \(flag == "i" ? "immutable" : "append-only")",
        remedy: "run chattr -\(flag) \(place)")
    }
    return nil
  }
}
