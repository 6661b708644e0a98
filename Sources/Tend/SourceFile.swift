/// A file of the desired state's own tree, such as the `source:` of a file.
///
/// Two with the same digest have the same bytes. Its bytes are read only when they are needed.
public struct SourceFile: Sendable, Hashable {
  /// The path in the tree.
  public let path: String
  /// What identifies its bytes.
  public let digest: ContentDigest
  /// In bytes.
  public let size: Int

  private let open: @Sendable () async throws(ProviderError) -> [UInt8]

  /// Names a file; `read` gives all its bytes and is called off the cooperative pool's hot paths.
  public init(
    path: String, digest: ContentDigest, size: Int,
    read: @escaping @Sendable () async throws(ProviderError) -> [UInt8]
  ) {
    self.path = path
    self.digest = digest
    self.size = size
    open = read
  }

  /// All its bytes, at most 64 MiB.
  ///
  /// Throws where the tree is gone meanwhile.
  public func read() async throws(ProviderError) -> [UInt8] { try await open() }

  /// Equal where the bytes are.
  public static func == (left: SourceFile, right: SourceFile) -> Bool {
    left.digest == right.digest
  }

  /// By the bytes.
  public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

/// What identifies a sequence of bytes.
public enum ContentDigest: Sendable, Hashable, CustomStringConvertible {
  /// Git's id of a blob: SHA-1 over `blob SIZE\0` and the bytes, in hexadecimal.
  case gitBlob(String)
  /// SHA-256 over the bytes, in hexadecimal.
  case sha256(String)

  /// The algorithm and the digest.
  public var description: String {
    switch self {
    case .gitBlob(let hex): "git:\(hex)"
    case .sha256(let hex): "sha256:\(hex)"
    }
  }
}

/// The files of one revision of a source.
public protocol SourceTree: Sendable {
  /// The file at a path of the tree; throws with a remedy where it is none that may be used.
  func file(at path: String) throws(SourceFileError) -> SourceFile
}

/// Why a file of the tree can't be used.
public struct SourceFileError: Error, Sendable {
  /// What is wrong.
  public let message: String
  /// What to do about it.
  public let remedy: String?

  /// Says what is wrong and what to do.
  public init(_ message: String, remedy: String? = nil) {
    self.message = message
    self.remedy = remedy
  }
}
