private import Synchronization

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

/// Resolves paths against a manifest's folder and remembers which declaration asked for what.
///
/// One for all declarations that are read together, since most ask for nothing.
package final class FileLookup: Sendable {
  typealias Asked = (path: String, file: SourceFile?)

  private let tree: any SourceTree
  /// The unit that the tree is read for.
  let unit: String
  private let lookups = Mutex<[ObjectIdentifier: [Asked]]>([:])

  /// Looks into this tree, for a unit.
  package init(_ tree: any SourceTree, unit: String = "") {
    self.tree = tree
    self.unit = unit
  }

  func read(by asker: Declaration.Content) -> [Asked] {
    lookups.withLock { $0[ObjectIdentifier(asker)] ?? [] }
  }

  /// What a declaration asks for; its content lives as long as what is remembered of it matters.
  func find(
    _ path: String, for asker: Declaration.Content
  ) throws(SourceFileError) -> SourceFile {
    let resolved = try Self.resolve(path, beside: asker.place.file)
    do {
      let file = try tree.file(at: resolved)
      remember((resolved, file), asker)
      return file
    } catch {
      remember((resolved, nil), asker)
      throw error
    }
  }

  private func remember(_ asked: Asked, _ asker: Declaration.Content) {
    lookups.withLock { $0[ObjectIdentifier(asker), default: []].append(asked) }
  }

  private static func resolve(
    _ path: String, beside manifest: String
  ) throws(SourceFileError) -> String {
    guard !path.hasPrefix("/") else {
      throw SourceFileError(
        "\(path) is an absolute path", remedy: "give it relative to the manifest")
    }
    var parts = manifest.split(separator: "/").dropLast().map(String.init)
    for part in path.split(separator: "/", omittingEmptySubsequences: true) where part != "." {
      if part == ".." {
        guard parts.popLast() != nil else {
          throw SourceFileError(
            "\(path) leads out of the unit", remedy: "keep the file inside the unit's path")
        }
      } else {
        parts.append(String(part))
      }
    }
    return parts.joined(separator: "/")
  }
}
