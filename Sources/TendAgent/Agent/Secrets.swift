private import Glibc
public import Tend

/// Reads secrets where manifests say that they are.
public enum Secrets {
  /// No secret is larger.
  static let largest = 64 << 10

  /// The content of a file without one trailing newline, or a variable of this process.
  @Sendable public static func read(
    _ source: SecretSource
  ) async throws(ProviderError) -> Sensitive<String> {
    switch source {
    case .environment(let name):
      guard let value = getenv(name) else {
        throw .permanent(
          "the agent has no environment variable \(name)",
          remedy: "set it where the agent is started")
      }
      return Sensitive(String(cString: value))
    case .file(let path):
      return Sensitive(try text(of: path))
    }
  }

  private static func text(of path: String) throws(ProviderError) -> String {
    let file = Descriptor(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
    guard file.raw >= 0 else { throw failure(path, errnoText(errno)) }
    var bytes: [UInt8] = []
    while bytes.count <= largest {
      var part = [UInt8](repeating: 0, count: 4096)
      let count = Glibc.read(file.raw, &part, part.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(path, errnoText(errno)) }
      if count == 0 { break }
      bytes += part.prefix(count)
    }
    guard bytes.count <= largest else { throw failure(path, "it is larger than 64 KiB") }
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw failure(path, "it is not UTF-8")
    }
    return text
  }

  private static func failure(_ path: String, _ why: String) -> ProviderError {
    .permanent(
      "the secret in \(path) can't be read: \(why)",
      remedy: "put it there, readable for the agent's user alone")
  }
}
