/// What `${NAME}` in a manifest stands for, on one host and in one unit.
///
/// A value is a text, a number or a boolean. Maps hold values together: `web: {port: 80}` is
/// `${web.port}`. Built in are `host.name`, `unit.name` and `unit.root`.
public struct Values: Sendable, Hashable {
  /// All values by name, the built-in ones among them.
  public private(set) var fields: Value.Fields

  /// Names that only the built-in values have.
  public static let reserved = ["host", "unit"]

  /// No values but the name of a host, where one is given.
  public init(host: String? = nil) {
    fields = Value.Fields()
    if let host { fields["host"] = ["name": .string(host)] }
  }

  /// Takes values that were resolved before.
  package init(resolved fields: Value.Fields) { self.fields = fields }

  /// Lays other values over these: maps are merged, of all else the other one stays.
  public mutating func merge(_ other: Value.Fields) {
    fields = Self.merged(fields, other)
  }

  private static func merged(_ below: Value.Fields, _ above: Value.Fields) -> Value.Fields {
    var result = below
    for entry in above.entries {
      if case .map(let inner)? = result[entry.key], case .map(let outer) = entry.value {
        result[entry.key] = .map(merged(inner, outer))
      } else {
        result[entry.key] = entry.value
      }
    }
    return result
  }

  /// The same in a unit.
  ///
  /// Without a root `unit.root` is `/`.
  package func naming(unit: String, root: String?) -> Values {
    var named = self
    named.fields["unit"] = ["name": .string(unit), "root": .string(root ?? "/")]
    return named
  }

  /// The value of a name; a map where the name is one of several values.
  public subscript(name: String) -> Value? {
    var value = Value.map(fields)
    for part in name.split(separator: ".", omittingEmptySubsequences: false) {
      guard case .map(let fields) = value, let next = fields[String(part)] else { return nil }
      value = next
    }
    return value
  }

  /// The names of all values, in their order.
  public var names: [String] { Self.names(.map(fields), "").sorted() }

  private static func names(_ value: Value, _ path: String) -> [String] {
    guard case .map(let fields) = value else { return [path] }
    return fields.entries.flatMap { entry in
      names(entry.value, path.isEmpty ? entry.key : "\(path).\(entry.key)")
    }
  }

  /// Whether a text can stand in `${…}`: names with dots between them.
  public static func isName(_ text: String) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false)
      .allSatisfy { isPlainName(String($0)) }
  }

  /// Whether a text can be the name of one value: letters, digits, dashes and underscores, a letter
  /// or an underscore first.
  public static func isPlainName(_ text: String) -> Bool {
    guard let first = text.utf8.first, isLetter(first) else { return false }
    return text.utf8.allSatisfy { byte in
      isLetter(byte) || byte == UInt8(ascii: "-")
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
