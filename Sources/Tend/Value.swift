/// A tree of plain values: what a manifest says, a memory holds, a difference shows.
public enum Value: Sendable, Hashable {
  /// Nothing.
  case null
  /// True or false.
  case boolean(Bool)
  /// A whole number of 64 bits.
  case integer(Int64)
  /// A number with a fraction; never NaN or infinite where it came from a manifest.
  case number(Double)
  /// Text.
  case string(String)
  /// Values in order.
  case list([Value])
  /// Named values in the order in which they were written.
  case map(Fields)

  /// Named values in the order in which they were written; each name once.
  public struct Fields: Sendable, Hashable {
    /// The names and their values.
    public private(set) var entries: [Entry]

    /// One name and its value.
    public struct Entry: Sendable, Hashable {
      /// The name.
      public let key: String
      /// Its value.
      public var value: Value

      /// Pairs a name with a value.
      @inlinable
      public init(key: String, value: Value) {
        self.key = key
        self.value = value
      }
    }

    /// Takes entries whose names are known to differ.
    public init(_ entries: [Entry] = []) {
      self.entries = entries
    }

    /// The value of a name, or nil.
    ///
    /// Linear: maps of manifests are small.
    public subscript(key: String) -> Value? {
      get {
        for entry in entries where entry.key == key { return entry.value }
        return nil
      }
      set {
        if let index = entries.firstIndex(where: { $0.key == key }) {
          if let newValue { entries[index].value = newValue } else { entries.remove(at: index) }
        } else if let newValue {
          entries.append(Entry(key: key, value: newValue))
        }
      }
    }

    /// Equal where the same names have equal values, in any order.
    public static func == (left: Fields, right: Fields) -> Bool {
      if left.entries.count != right.entries.count { return false }
      if zip(left.entries, right.entries).allSatisfy({ $0 == $1 }) { return true }
      return left.sorted.elementsEqual(right.sorted)
    }

    /// Independent of the order, as equality is.
    public func hash(into hasher: inout Hasher) {
      for entry in sorted { hasher.combine(entry) }
    }

    /// The entries in the order of their names.
    public var sorted: [Entry] { entries.sorted { $0.key < $1.key } }
  }

  /// What sort of value it is, in words for a message: `a string`, `the integer 5`.
  public var kindDescription: String {
    switch self {
    case .null: "nothing"
    case .boolean: "a boolean"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .list: "a list"
    case .map: "a map"
    }
  }

  /// The value at a path such as `limits.memory` or `rules[2].name`; nil where there is none.
  public func value(at path: String) -> Value? {
    FieldPath(path)?.steps.reduce(Optional(self)) { value, step in
      switch (value, step) {
      case (.map(let fields), .key(let key)): fields[key]
      case (.list(let values), .index(let index)):
        // Spelled out, since nil alone would be the null of a value.
        values.indices.contains(index) ? Optional.some(values[index]) : Optional.none
      default: Optional.none
      }
    }
  }
}

extension Value.Fields: ExpressibleByDictionaryLiteral {
  /// The entries in their order; a name for the second time replaces the first.
  public init(dictionaryLiteral elements: (String, Value)...) {
    self.init()
    for (key, value) in elements { self[key] = value }
  }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  /// Text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// True or false.
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  /// A number with a fraction.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// Values in order.
  public init(arrayLiteral elements: Value...) { self = .list(elements) }
  /// Named values.
  public init(dictionaryLiteral elements: (String, Value)...) {
    self = .map(Fields(elements.map { Fields.Entry(key: $0, value: $1) }))
  }
  /// Nothing.
  public init(nilLiteral: ()) { self = .null }
}

/// What can stand in a difference, a detail or a memory as a plain value.
public protocol ValueConvertible {
  /// As a plain value.
  var value: Value { get }
}

extension Value: ValueConvertible {
  /// Itself.
  public var value: Value { self }
}
extension String: ValueConvertible {
  /// As text.
  public var value: Value { .string(self) }
}
extension Bool: ValueConvertible {
  /// As a boolean.
  public var value: Value { .boolean(self) }
}
extension Int: ValueConvertible {
  /// As an integer.
  public var value: Value { .integer(Int64(self)) }
}
extension Int64: ValueConvertible {
  /// As an integer.
  public var value: Value { .integer(self) }
}
extension UInt32: ValueConvertible {
  /// As an integer.
  public var value: Value { .integer(Int64(self)) }
}
extension Double: ValueConvertible {
  /// As a number.
  public var value: Value { .number(self) }
}
extension Array: ValueConvertible where Element: ValueConvertible {
  /// As a list.
  public var value: Value { .list(map(\.value)) }
}
extension Dictionary: ValueConvertible where Key == String, Value: ValueConvertible {
  /// As a map in the order of its keys.
  public var value: Tend.Value {
    .map(
      .init(sorted { $0.key < $1.key }.map { .init(key: $0.key, value: $0.value.value) }))
  }
}
extension Optional: ValueConvertible where Wrapped: ValueConvertible {
  /// The value, or null.
  public var value: Value { self?.value ?? .null }
}
