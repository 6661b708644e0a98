internal import Foundation

/// A folder that goes away with its owner.
public final class TemporaryFolder: Sendable {
  /// Absolute, with links resolved.
  public let path: String

  /// Makes a folder with a name of its own below the system's temporary folder, or `inMemory` where
  /// the machine has such a place: for tests to which a disk would only be slow.
  public init(_ label: String = "test", inMemory: Bool = false) throws {
    let name = "tend-\(label)-\(UUID().uuidString.prefix(8))"
    let memory = "/dev/shm"
    let parent =
      inMemory && FileManager.default.isWritableFile(atPath: memory)
      ? URL(filePath: memory) : FileManager.default.temporaryDirectory
    let url = parent.resolvingSymlinksInPath().appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A path in it.
  public func path(_ relative: String) -> String { "\(path)/\(relative)" }

  /// Writes a text to a file, with the folders above it.
  public func write(_ text: String, to relative: String) throws {
    try write(Array(text.utf8), to: relative)
  }

  /// Writes bytes to a file, with the folders above it.
  public func write(_ bytes: [UInt8], to relative: String) throws {
    let url = URL(fileURLWithPath: path(relative))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  /// Removes a file or a folder.
  public func remove(_ relative: String) throws {
    try FileManager.default.removeItem(atPath: path(relative))
  }

  /// Makes a symbolic link.
  public func link(_ relative: String, to target: String) throws {
    let url = URL(fileURLWithPath: path(relative))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: url.path, withDestinationPath: target)
  }

  /// The text of a file.
  public func text(_ relative: String) throws -> String {
    try String(contentsOfFile: path(relative), encoding: .utf8)
  }

  /// Whether something stands there.
  public func exists(_ relative: String) -> Bool {
    FileManager.default.fileExists(atPath: path(relative))
  }

  /// The names in a folder, sorted.
  public func names(_ relative: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(relative)).sorted()
  }
}

extension TemporaryFolder {
  /// Makes a folder in it, with those above.
  public func makeFolder(_ relative: String) throws {
    try FileManager.default.createDirectory(
      atPath: path(relative), withIntermediateDirectories: true)
  }
}
