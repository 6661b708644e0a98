private import Synchronization
public import Tend

/// How a file, a directory or a symbolic link should be.
///
/// One type for all three, since they share one space of identities: a path that turns from a link
/// into a file is one resource that is replaced, not a delete that races a create.
public struct EntrySpec: DesiredState {
  /// What it is compared with.
  public typealias Subject = Entry

  /// The path.
  public var id: EntryPath { declared.location.path }

  /// What was declared; shared between all copies.
  let declared: Fields
  /// What else is declared in the same unit, once that is known.
  var siblings: DeclaredPaths?

  init(_ declared: Fields) {
    self.declared = declared
  }

  /// What an entry is declared to be.
  enum Form: Sendable {
    case file(FileContent)
    case directory
    indirect case link(target: String)

    /// What sort of entry.
    var type: EntryType {
      switch self {
      case .file: .file
      case .directory: .directory
      case .link: .link
      }
    }
  }

  /// How the content of an existing file is replaced.
  enum Replacement: String, Sendable {
    /// By a new file that takes its place in one step.
    case atomic
    /// By writing into it: for mount points, and where others hold it open.
    case inPlace
  }

  /// The fields of a declaration.
  final class Fields: Sendable {
    let form: Form
    let permissions: Permissions?
    private let owners: Owners?
    let isSensitive: Bool
    let keepsBackup: Bool
    let replacement: Replacement
    /// What must accept a new content before it takes its place.
    let validation: Validation?
    /// Whether what nobody declares is removed from a directory.
    let purges: Bool
    /// What the watch and the provider tell each other of it.
    let attention: Attention

    /// Who owns it, where that is declared; apart, since it mostly is not and there may be many.
    private final class Owners: Sendable {
      let user: Principal?
      let group: Principal?

      init?(_ user: Principal?, _ group: Principal?) {
        if user == nil, group == nil { return nil }
        self.user = user
        self.group = group
      }
    }

    var location: Location { attention.location }
    var owner: Principal? { owners?.user }
    var group: Principal? { owners?.group }

    init(
      _ location: Location, _ form: Form, permissions: Permissions? = nil,
      owner: Principal? = nil, group: Principal? = nil, isSensitive: Bool = false,
      keepsBackup: Bool = true, replacement: Replacement = .atomic,
      validation: Validation? = nil, purges: Bool = false
    ) {
      self.form = form
      self.permissions = permissions
      owners = Owners(owner, group)
      self.isSensitive = isSensitive
      self.keepsBackup = keepsBackup
      self.replacement = replacement
      self.validation = validation
      self.purges = purges
      attention = Attention(location, isWrittenInPlace: replacement == .inPlace)
    }
  }

  /// What sort of entry it is declared to be.
  var type: EntryType { declared.form.type }

  /// What its content should be, if it is a file.
  var content: FileContent? {
    if case .file(let content) = declared.form { content } else { nil }
  }

  /// The permission bits that a create gives it; links have none of their own.
  var permissionsOnCreate: Permissions? {
    switch declared.form {
    case .file: declared.permissions ?? .ofFile
    case .directory: declared.permissions ?? .ofDirectory
    case .link: nil
    }
  }

  /// Whether content must not be seen: as it is, or as it is declared, others can't read it.
  func isSecret(found: Permissions?) -> Bool {
    declared.isSensitive
      || !(declared.permissions ?? found ?? .ofFile).areReadableByOthers
      || found?.areReadableByOthers == false
  }

  /// All directories above, the nearest first; the engine keeps those that are declared.
  ///
  /// All and not the nearest only, since what is declared is not known here.
  public var prerequisites: [EntryPath] { id.ancestors }

  /// The digest of the content; nil for all but files that everybody may read.
  ///
  /// A fingerprint is no secret and is kept unkeyed, so content that may be one has none.
  public var fingerprint: Fingerprint? {
    guard let content, !isSecret(found: nil) else { return nil }
    return Fingerprint(content.digest.hexadecimal)
  }
}

/// What the content of a file should be.
final class FileContent: Sendable {
  /// Where the bytes are.
  enum Bytes: Sendable {
    /// In the field `content` of this declaration, which need not keep it in memory.
    case declared(Declaration)
    case binary([UInt8])
    indirect case source(SourceFile)
  }

  /// The most that a file may be declared to hold: 64 MiB.
  static let largest = 64 << 20

  let bytes: Bytes
  let size: Int
  let digest: Digest
  /// The beginning of the keyed digest that is known to be its own; 0: none is.
  private let confirmed = Atomic<UInt64>(0)

  init(_ bytes: Bytes, size: Int, digest: Digest) {
    self.bytes = bytes
    self.size = size
    self.digest = digest
  }

  /// `text` is what the declaration says.
  convenience init(_ text: String, of declaration: Declaration) {
    let digest = Digester.digest(.sha256, of: Array(text.utf8))
    self.init(.declared(declaration), size: text.utf8.count, digest: digest)
  }

  convenience init(_ bytes: [UInt8]) {
    self.init(.binary(bytes), size: bytes.count, digest: Digester.digest(.sha256, of: bytes))
  }

  /// Whether a remembered digest is that of this content.
  func isCurrent(_ remembered: Digest, _ context: Context) -> Bool {
    guard remembered.algorithm == .keyed else { return remembered == digest }
    // Under one key the first answer stays right; another key has to be asked.
    if remembered.beginning == confirmed.load(ordering: .relaxed) { return true }
    return keyedDigest(context) == remembered
  }

  /// The digest that may be remembered of content that must not be seen.
  func keyedDigest(_ context: Context) -> Digest {
    let made = digest.keyed(by: context)
    remember(keyed: made)
    return made
  }

  /// Takes over what was made of the same bytes elsewhere.
  func remember(keyed made: Digest) { confirmed.store(made.beginning, ordering: .relaxed) }

  /// The text that a declaration says its content is.
  static func text(in declaration: Declaration) -> String? {
    guard case .map(let fields) = declaration.spec, case .string(let text)? = fields["content"]
    else { return nil }
    return text
  }

  /// All bytes, checked against what was declared.
  func read() async throws(ProviderError) -> [UInt8] {
    switch bytes {
    case .declared(let declaration):
      let text = Self.text(in: declaration) ?? ""
      return try checked(Array(text.utf8), "\(declaration.place)", "was declared")
    case .binary(let bytes): return bytes
    case .source(let file):
      return try checked(
        try await file.read(), "\(file.path) in the source", "the revision says it is")
    }
  }

  private func checked(
    _ bytes: [UInt8], _ origin: String, _ promise: String
  ) throws(ProviderError) -> [UInt8] {
    guard Digester.digest(digest.algorithm, of: bytes) == digest else {
      throw .transient("\(origin) is not what \(promise)")
    }
    return bytes
  }
}

// What is declared may hold secrets that no path may print.
extension EntrySpec: CustomStringConvertible, CustomReflectable {
  /// Kind and path.
  public var description: String { "\(type.kind ?? "") \(id)" }
  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension FileContent: CustomStringConvertible, CustomReflectable {
  var description: String { "\(size) bytes" }
  var customMirror: Mirror { Mirror(self, children: [:]) }
}
