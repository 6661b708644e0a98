private import Glibc
import TendAgent

/// A folder that is made for files which nobody has yet.
struct NewFolder {
  /// A file to write: where below the folder, and what.
  struct File: Sendable, Hashable {
    let path: String
    let text: String
  }

  let path: String

  init(at path: String) { self.path = path }

  /// Writes the files; throws where the folder is there already, and changes nothing then.
  func write(_ files: [File]) throws {
    guard mkdir(path, 0o777) == 0 else {
      throw Failure(
        "Exists", "can't make \(path): \(Self.reason)",
        remedy: "name another one with --directory")
    }
    for file in files {
      for folder in Self.folders(above: file.path) where mkdir("\(path)/\(folder)", 0o777) != 0 {
        guard errno == EEXIST else { throw failure(folder) }
      }
      try write(file)
    }
  }

  private func write(_ file: File) throws {
    let descriptor = open("\(path)/\(file.path)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure(file.path) }
    var rest = Array(file.text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        defer { close(descriptor) }
        throw failure(file.path)
      }
      rest = rest.dropFirst(count)
    }
    guard close(descriptor) == 0 else { throw failure(file.path) }
  }

  private func failure(_ file: String) -> Failure {
    Failure(
      "Write", "can't write \(path)/\(file): \(Self.reason)",
      remedy: "remove \(path), mend that, and try again")
  }

  private static var reason: String { String(cString: strerror(errno)) }

  /// `a` and `a/b` of `a/b/c`.
  private static func folders(above path: String) -> [String] {
    let parts = path.split(separator: "/").dropLast()
    return parts.indices.map { parts[...$0].joined(separator: "/") }
  }
}
