/// One field in which a resource is not as desired.
///
/// It never holds a secret but in `hidden`, which nothing encodes or prints by itself.
public struct Difference: Sendable, Hashable {
  /// One of the two values that differ.
  public enum Side: Sendable, Hashable {
    /// There is no value.
    case absent
    /// A value that anybody who may see the plan may see.
    case value(Value)
    /// Not known before the change is made.
    case unknown
    /// A value that must not be seen.
    case masked
  }

  /// The field, by its path in the spec: `mode`, `limits.memory`.
  public var path: String
  /// As it is.
  public var actual: Side
  /// As it should be.
  public var desired: Side
  /// Whether the field can't be changed in place.
  public var forcesReplacement: Bool
  /// The text of a large field, for a readable diff; nil where it must not or need not be shown.
  public var text: Text?
  /// What may be said of two values that must not be seen: their sizes and keyed digests.
  public var outline: Text?
  /// The texts of two values that must not be seen, for whoever asks for exactly that.
  ///
  /// A provider gives what is in the world only where `Context.showsPrivate`.
  public var hidden: Sensitive<Text>?
  /// Whether what only the world holds is lost with it, such as a file that is purged.
  ///
  /// Each such difference counts against the deletion budget.
  public var losesData: Bool

  /// Describes one field that differs.
  public init(
    path: String, actual: Side, desired: Side, forcesReplacement: Bool = false, text: Text? = nil,
    outline: Text? = nil, hidden: Sensitive<Text>? = nil, losesData: Bool = false
  ) {
    self.path = path
    self.actual = actual
    self.desired = desired
    self.forcesReplacement = forcesReplacement
    self.text = text
    self.outline = outline
    self.hidden = hidden
    self.losesData = losesData
  }

  /// Whether either side is hidden from view.
  public var isSensitive: Bool { actual == .masked || desired == .masked }

  /// Whether this field, or one above it, is named by one of these paths.
  public func isBelow(anyOf paths: [String]) -> Bool {
    paths.contains { path == $0 || path.hasPrefix($0 + ".") }
  }
}
