/// The fields of a kind's spec: what is checked before decoding, and what `tend explain` shows.
public struct Schema: Sendable, Hashable {
  /// What the kind is for, in a sentence or a few.
  public let summary: String
  /// The fields, in the order in which they are documented.
  public let fields: [Field]
  /// A whole document that the kind accepts, as YAML; nil where the fields say enough.
  public let example: String?

  /// Describes a kind.
  public init(_ summary: String, _ fields: [Field], example: String? = nil) {
    self.summary = summary
    self.fields = fields
    self.example = example
  }

  /// One field.
  public struct Field: Sendable, Hashable {
    /// Its key.
    public let name: String
    /// What values it takes.
    public let type: FieldType
    /// What it means, with unit, default and reason.
    public let summary: String
    /// Whether it must be there.
    public let isRequired: Bool
    /// What it is where it is not declared, for `tend explain`; nil: nothing, or up to the world.
    public let defaultValue: Value?
    /// Whether its value is a secret: it is never shown, quoted or stored.
    public let isSensitive: Bool
    /// Whether it can't be changed in place, so that another value replaces the resource.
    public let isImmutable: Bool
    /// What to write instead, appended to errors about its type.
    public let hint: String?
    /// The boolean field beside it without which `${NAME}` in it is text like any other.
    ///
    /// nil: placeholders in it always stand for values.
    public let expandsIf: String?

    /// Describes a field of any type.
    public init(
      _ name: String, _ type: FieldType, required: Bool = false, default: Value? = nil,
      sensitive: Bool = false, immutable: Bool = false, hint: String? = nil,
      expandsIf: String? = nil, _ summary: String
    ) {
      // In the form that a parsed key has: comparing the two is then one step.
      self.name = String(decoding: Array(name.utf8), as: UTF8.self)
      self.type = type
      self.summary = summary
      isRequired = required
      defaultValue = `default`
      isSensitive = sensitive
      isImmutable = immutable
      self.hint = hint
      self.expandsIf = expandsIf
    }
  }

  /// What values a field takes.
  public indirect enum FieldType: Sendable, Hashable {
    /// Text.
    case string
    /// One of these texts.
    case choice([String])
    /// A whole number within bounds.
    case integer(ClosedRange<Int64>)
    /// A number.
    case number
    /// True or false.
    case boolean
    /// A duration such as `30s` or `1h30m`.
    case duration
    /// Values of one type, in order.
    case list(FieldType)
    /// Named values of one type.
    case map(FieldType)
    /// A map with these fields.
    case object([Field])
    /// Anything.
    case any

    /// In words, for `tend explain` and for errors.
    public var description: String {
      switch self {
      case .string: "string"
      case .choice(let choices): choices.joined(separator: " | ")
      case .integer: "integer"
      case .number: "number"
      case .boolean: "boolean"
      case .duration: "duration"
      case .list(let element): "list of \(element.description)"
      case .map(let element): "map of \(element.description)"
      case .object: "map"
      case .any: "any"
      }
    }
  }

  /// The field at a path such as `readiness.http.url`; nil where there is none.
  public func field(at path: String) -> Field? {
    var fields = fields
    var found: Field?
    for name in path.split(separator: ".") {
      guard let field = fields.first(where: { $0.name == name }) else { return nil }
      found = field
      fields = field.type.fields
    }
    return found
  }
}

extension Schema.FieldType {
  /// The fields of a map with known fields, also in a list or a map of such.
  public var fields: [Schema.Field] {
    switch self {
    case .object(let fields): fields
    case .list(let element), .map(let element): element.fields
    default: []
    }
  }
}

extension Schema.Field {
  /// Text.
  public static func string(
    _ name: String, required: Bool = false, default: String? = nil, sensitive: Bool = false,
    immutable: Bool = false, hint: String? = nil, _ summary: String
  ) -> Self {
    .init(
      name, .string, required: required, default: `default`.map(Value.string),
      sensitive: sensitive, immutable: immutable, hint: hint, summary)
  }

  /// One of a few texts.
  public static func choice(
    _ name: String, _ choices: [String], required: Bool = false, default: String? = nil,
    immutable: Bool = false, _ summary: String
  ) -> Self {
    .init(
      name, .choice(choices), required: required, default: `default`.map(Value.string),
      immutable: immutable, summary)
  }

  /// A whole number.
  public static func integer(
    _ name: String, in range: ClosedRange<Int64> = .min ... .max, required: Bool = false,
    default: Int64? = nil, immutable: Bool = false, _ summary: String
  ) -> Self {
    .init(
      name, .integer(range), required: required, default: `default`.map(Value.integer),
      immutable: immutable, summary)
  }

  /// A number.
  public static func number(
    _ name: String, required: Bool = false, default: Double? = nil, _ summary: String
  ) -> Self {
    .init(name, .number, required: required, default: `default`.map(Value.number), summary)
  }

  /// True or false.
  public static func boolean(
    _ name: String, required: Bool = false, default: Bool? = nil, immutable: Bool = false,
    _ summary: String
  ) -> Self {
    .init(
      name, .boolean, required: required, default: `default`.map(Value.boolean),
      immutable: immutable, summary)
  }

  /// A duration.
  public static func duration(
    _ name: String, required: Bool = false, default: String? = nil, _ summary: String
  ) -> Self {
    .init(name, .duration, required: required, default: `default`.map(Value.string), summary)
  }

  /// Values in order.
  public static func list(
    _ name: String, of element: Schema.FieldType, required: Bool = false, _ summary: String
  ) -> Self {
    .init(name, .list(element), required: required, summary)
  }

  /// Named values.
  public static func map(
    _ name: String, of element: Schema.FieldType, required: Bool = false, _ summary: String
  ) -> Self {
    .init(name, .map(element), required: required, summary)
  }

  /// A map with known fields.
  public static func object(
    _ name: String, _ fields: [Schema.Field], required: Bool = false, _ summary: String
  ) -> Self {
    .init(name, .object(fields), required: required, summary)
  }

  /// Anything.
  public static func any(
    _ name: String, required: Bool = false, sensitive: Bool = false, _ summary: String
  ) -> Self {
    .init(name, .any, required: required, sensitive: sensitive, summary)
  }
}
