/// A value that can't be printed, mirrored or encoded.
///
/// Comparing and decoding work; `reveal()` is the only way to it. It is not `Encodable` on purpose:
/// a memory or a record that holds one does not compile.
public struct Sensitive<Wrapped: Sendable>: Sendable {
  private let wrapped: Wrapped

  /// Hides a value.
  public init(_ wrapped: Wrapped) {
    self.wrapped = wrapped
  }

  /// The value itself.
  ///
  /// What is done with it from here is the caller's responsibility.
  public func reveal() -> Wrapped { wrapped }
}

extension Sensitive: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Always the same marker.
  public var description: String { "(sensitive)" }
  /// Always the same marker.
  public var debugDescription: String { "(sensitive)" }
  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Sensitive: Equatable where Wrapped: Equatable {}
extension Sensitive: Hashable where Wrapped: Hashable {}

extension Sensitive: Decodable where Wrapped: Decodable {
  /// Decodes the value and hides it.
  public init(from decoder: any Decoder) throws {
    wrapped = try Wrapped(from: decoder)
  }
}

/// Where a secret is to be read when it is needed; it may be remembered, the secret may not.
public enum SecretSource: Sendable, Hashable, Codable {
  /// The content of a file, without one trailing newline.
  case file(String)
  /// An environment variable of the agent.
  case environment(String)
}

extension SecretSource: CustomStringConvertible {
  /// Names the source, never the secret.
  public var description: String {
    switch self {
    case .file(let path): "file \(path)"
    case .environment(let name): "environment variable \(name)"
    }
  }
}
