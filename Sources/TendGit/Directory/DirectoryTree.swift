internal import Synchronization
internal import SystemPackage
internal import Tend

/// The files of a directory, read where they are asked for and held to the digest they had then.
final class DirectoryTree: SourceTree {
  private let root: OpenDirectory
  private let limit: Int
  private let seen = Mutex<[String: SourceFile]>([:])

  init(_ root: OpenDirectory, limit: Int) {
    self.root = root
    self.limit = limit
  }

  func file(at path: String) throws(SourceFileError) -> SourceFile {
    if let file = seen.withLock({ $0[path] }) { return file }
    let bytes = try Self.read(path, root, limit)
    guard !bytes.starts(with: LFSPointer.mark) else { throw LFSPointer.refusal(path) }
    let digest = SHA256.hex(bytes)
    let file = SourceFile(path: path, digest: .sha256(digest), size: bytes.count) {
      [root, limit] () throws(ProviderError) in
      try await BlockingThread.run { () throws(ProviderError) in
        try Self.read(path, root, limit, expecting: digest)
      }
    }
    seen.withLock { $0[path] = file }
    return file
  }

  private static func read(
    _ path: String, _ root: OpenDirectory, _ limit: Int, expecting digest: String
  ) throws(ProviderError) -> [UInt8] {
    let bytes: [UInt8]
    do throws(SourceFileError) {
      bytes = try read(path, root, limit)
    } catch {
      throw .conflict(error.message, remedy: error.remedy)
    }
    guard SHA256.hex(bytes) == digest else {
      throw .conflict("\(path) has changed since its directory was read")
    }
    return bytes
  }

  /// Walks down without following a link.
  private static func read(
    _ path: String, _ root: OpenDirectory, _ limit: Int
  ) throws(SourceFileError) -> [UInt8] {
    let parts = path.split(separator: "/").map(String.init)
    guard let name = parts.last, !parts.contains("..") else { throw explain(.missing, path, limit) }
    do throws(FileTrouble) {
      var folder = root
      for part in parts.dropLast() { folder = try directory(part, in: folder) }
      return try folder.read(name, limit: limit).bytes
    } catch {
      throw explain(error, path, limit)
    }
  }

  private static func directory(
    _ name: String, in folder: OpenDirectory
  ) throws(FileTrouble) -> OpenDirectory {
    do throws(Errno) {
      return try folder.directory(name)
    } catch {
      // A link gives the error of a file that is no directory.
      guard error == .notDirectory, (try? folder.stamp(name))?.kind == .link else {
        throw FileTrouble(errno: error.rawValue)
      }
      throw .link
    }
  }

  private static func explain(
    _ trouble: FileTrouble, _ path: String, _ limit: Int
  ) -> SourceFileError {
    switch trouble {
    case .missing, .system(.notDirectory):
      SourceFileError(
        "there is no file \(path)", remedy: "add it, or correct the path; case counts")
    case .link:
      SourceFileError(
        "\(path) is or leads through a symbolic link; links are not followed",
        remedy: "name the file where it lies")
    case .notRegular:
      SourceFileError("\(path) is no regular file", remedy: "name a file")
    case .tooLarge(let size):
      SourceFileError(
        "\(path) has \(size) bytes, more than the \(limit) of a source file",
        remedy: "keep large files elsewhere")
    case .system(let error):
      SourceFileError("\(path) can't be read: \(error)", remedy: "make it readable")
    }
  }
}

/// What stands in a repository for a file that Git LFS keeps elsewhere.
///
/// It has fewer than 1,024 bytes and begins with its version
/// (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
enum LFSPointer {
  static let mark = Array("version https://git-lfs.github.com/spec/".utf8)
  static let sizes = mark.count..<1024

  static func refusal(_ path: String) -> SourceFileError {
    SourceFileError(
      "\(path) is a Git LFS pointer, and LFS objects are not fetched",
      remedy: "commit the file itself")
  }
}
