extension Kind {
  /// The declaration with values in the place of its placeholders; itself where it has none.
  ///
  /// Throws each placeholder without a value, with its place, and what the schema says of the rest.
  package func expanding(_ declaration: Declaration) throws(Diagnostics) -> Declaration {
    guard declaration.hasPlaceholders else { return declaration }
    var expansion = Expansion(of: declaration.values)
    let spec = expansion.object(declaration.spec, schema.fields, FieldPath([]))
    let failed = expansion.violations
    guard !failed.isEmpty else { return declaration.expanded(spec) }
    let paths = Set(failed.map(\.path))
    let rest = schema.violations(in: spec).filter { !paths.contains($0.path) }
    throw Diagnostics(schema.diagnostics(of: failed + rest, in: declaration)).sorted
  }
}

/// Puts values in the place of placeholders: in texts alone, never in keys, and where the schema
/// says that they stand for values.
struct Expansion {
  private let values: Values
  /// Placeholders without a value.
  private(set) var violations: [SchemaViolation] = []

  init(of values: Values) {
    self.values = values
  }

  mutating func object(_ value: Value, _ fields: [Schema.Field], _ path: FieldPath) -> Value {
    guard case .map(let map) = value else { return self.value(value, .any, path) }
    return .map(
      .init(
        map.entries.map { entry in
          // What is no field is refused as such.
          guard let field = fields.first(where: { $0.name == entry.key }) else { return entry }
          if let flag = field.expandsIf, map[flag] != .boolean(true) { return entry }
          let path = path.appending(.key(entry.key))
          return .init(key: entry.key, value: self.value(entry.value, field.type, path))
        }))
  }

  private mutating func value(
    _ value: Value, _ type: Schema.FieldType, _ path: FieldPath
  ) -> Value {
    switch (value, type) {
    case (.string(let text), _) where Template.isNeeded(for: text): scalar(text, type, path)
    case (.map, .object(let fields)): object(value, fields, path)
    case (.map(let map), _): .map(self.map(map, type, path))
    case (.list(let values), _): .list(list(values, type, path))
    default: value
    }
  }

  private mutating func map(
    _ map: Value.Fields, _ type: Schema.FieldType, _ path: FieldPath
  ) -> Value.Fields {
    let element = if case .map(let element) = type { element } else { Schema.FieldType.any }
    return .init(
      map.entries.map { entry in
        .init(key: entry.key, value: value(entry.value, element, path.appending(.key(entry.key))))
      })
  }

  private mutating func list(
    _ values: [Value], _ type: Schema.FieldType, _ path: FieldPath
  ) -> [Value] {
    let element = if case .list(let element) = type { element } else { Schema.FieldType.any }
    return values.enumerated().map { value($1, element, path.appending(.index($0))) }
  }

  private mutating func scalar(
    _ text: String, _ type: Schema.FieldType, _ path: FieldPath
  ) -> Value {
    let template: Template
    do {
      template = try Template(text)
    } catch {
      report(
        .invalidValue, path, "has a ${ that begins no name of a value",
        "write ${NAME}, or $${ for a ${ that is text")
      return .string(text)
    }
    if let name = template.onlyPlaceholder, type.takesTypes {
      return value(of: name, path) ?? .string(text)
    }
    var result = ""
    for part in template.parts {
      switch part {
      case .text(let text): result += text
      case .placeholder(let name): result += self.value(of: name, path)?.scalarText ?? ""
      }
    }
    return .string(result)
  }

  private mutating func value(of name: String, _ path: FieldPath) -> Value? {
    switch values[name] {
    case nil, .null?:
      let guess = nearest(to: name, among: values.names)
      report(
        .missingValue, path, "asks for the value \(name), which nobody gives",
        guess.map { "did you mean \($0)?" }
          ?? "add it to a file of values or to the unit's values, or write $${\(name)} for the "
          + "text")
    case .map(let fields)?:
      let first = fields.sorted.first.map { "\(name).\($0.key)" }
      report(
        .missingValue, path, "asks for \(name), which is a map of values",
        first.map { "name one of them, such as \($0)" } ?? "name a value")
    case .list?:
      report(.missingValue, path, "asks for \(name), which is a list", "name a single value")
    case let value?: return value
    }
    return nil
  }

  private mutating func report(
    _ code: Diagnostic.Code, _ path: FieldPath, _ message: String, _ remedy: String
  ) {
    violations.append(
      SchemaViolation(code: code, path: path, message: "\(path) \(message)", remedy: remedy))
  }
}

extension Schema.FieldType {
  /// Whether what is exactly one placeholder takes the type of the value; else it is text.
  fileprivate var takesTypes: Bool {
    switch self {
    case .integer, .number, .boolean, .any: true
    default: false
    }
  }
}

extension Value {
  /// As it stands in a text; nil where it is none.
  package var scalarText: String? {
    switch self {
    case .string(let text): text
    case .boolean(let flag): "\(flag)"
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .null, .list, .map: nil
    }
  }
}
