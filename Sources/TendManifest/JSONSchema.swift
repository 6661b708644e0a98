public import Tend

/// JSON Schema 2020-12 of what manifests may hold, for editors and for such as kubeconform.
///
/// Made from the same lists of fields that are checked and explained here. What follows from more
/// than one field, such as that a File has one kind of content, is left to `tend validate`.
public enum JSONSchema {
  /// The dialect, as a document names it in `$schema`.
  public static let dialect = "https://json-schema.org/draft/2020-12/schema"

  /// The schema of all documents of some kinds; of one kind, that of its documents alone.
  public static func documents(of kinds: [(name: KindName, schema: Schema)]) -> Value {
    if let only = kinds.first, kinds.count == 1 {
      return .map([head(only.name.kind), document(only.name, only.schema)].merged)
    }
    let definitions = kinds.map { kind in
      Value.Fields.Entry(
        key: definitionName(kind.name), value: .map(document(kind.name, kind.schema)))
    }
    let choices = kinds.map { kind in
      Value.map(["$ref": .string("#/$defs/\(definitionName(kind.name))")])
    }
    return .map(
      [
        head("A document of a manifest"),
        ["oneOf": .list(choices), "$defs": .map(Value.Fields(definitions))],
      ].merged)
  }

  /// The schema of a file that is no manifest.
  public static func file(_ name: String, _ schema: Schema) -> Value {
    let fields = object(schema.fields, .file)
    return .map([head(name), ["description": .string(schema.summary)], fields].merged)
  }

  private static func head(_ title: String) -> Value.Fields {
    ["$schema": .string(dialect), "title": .string(title)]
  }

  /// `files.v1.File`: a name that needs no escape in a reference.
  private static func definitionName(_ kind: KindName) -> String {
    "\(kind.apiVersion)/\(kind.kind)".split(separator: "/").joined(separator: ".")
  }

  private static func document(_ kind: KindName, _ schema: Schema) -> Value.Fields {
    var properties = Value.Fields()
    for field in Envelope.schema.fields {
      properties[field.name] =
        switch field.name {
        case "apiVersion": .map(["const": .string(kind.apiVersion)])
        case "kind": .map(["const": .string(kind.kind)])
        case "spec": .map(spec(schema))
        default: value(of: field, .envelope)
        }
    }
    return [
      ["description": .string(schema.summary)],
      closed(properties, required: Envelope.schema.fields + hidden(schema)),
    ].merged
  }

  /// A spec may be left out where none of its fields must be there.
  private static func hidden(_ schema: Schema) -> [Schema.Field] {
    schema.fields.contains(where: \.isRequired)
      ? [Schema.Field.object("spec", schema.fields, required: true, schema.summary)] : []
  }

  private static func spec(_ schema: Schema) -> Value.Fields {
    let isOptional = !schema.fields.contains(where: \.isRequired)
    let fields = object(schema.fields, .spec)
    return isOptional ? fields.allowingNull : fields
  }

  // MARK: Fields

  /// Where a field stands decides what else may stand in its place.
  private enum Position {
    /// In a file that is no manifest: nothing else.
    case file
    /// Beside the spec: null, where the field need not be there.
    case envelope
    /// Null, and `${NAME}` for what a value gives.
    case spec
  }

  private static func object(_ fields: [Schema.Field], _ position: Position) -> Value.Fields {
    var properties = Value.Fields()
    for field in fields { properties[field.name] = value(of: field, position) }
    return closed(properties, required: fields)
  }

  private static func closed(
    _ properties: Value.Fields, required fields: [Schema.Field]
  ) -> Value.Fields {
    var result: Value.Fields = ["type": "object", "properties": .map(properties)]
    let required = fields.filter(\.isRequired).map { Value.string($0.name) }
    if !required.isEmpty { result["required"] = .list(required) }
    result["additionalProperties"] = .boolean(false)
    return result
  }

  /// A field that need not be there may also be there without a value.
  private static func value(of field: Schema.Field, _ position: Position) -> Value {
    let type = type(field.type, position)
    var result: Value.Fields = ["description": .string(field.summary)]
    if field.isSensitive { result["writeOnly"] = .boolean(true) }
    if let value = field.defaultValue { result["default"] = value }
    let isOptional = position != .file && !field.isRequired
    return .map([result, isOptional ? type.allowingNull : type].merged)
  }

  private static func type(_ type: Schema.FieldType, _ position: Position) -> Value.Fields {
    let fields = plain(type, position)
    return position == .spec ? fields.allowingPlaceholder : fields
  }

  private static func plain(_ type: Schema.FieldType, _ position: Position) -> Value.Fields {
    switch type {
    case .string: return ["type": "string"]
    case .choice(let choices):
      return ["type": "string", "enum": .list(choices.map(Value.string))]
    case .integer(let range):
      var result: Value.Fields = ["type": "integer"]
      if range.lowerBound != .min { result["minimum"] = .integer(range.lowerBound) }
      if range.upperBound != .max { result["maximum"] = .integer(range.upperBound) }
      return result
    case .number: return ["type": "number"]
    case .boolean: return ["type": "boolean"]
    case .duration: return ["type": "string", "pattern": "^([0-9]+(ms|s|m|h|d))+$"]
    case .list(let element):
      return ["type": "array", "items": .map(Self.type(element, position))]
    case .map(let element):
      return ["type": "object", "additionalProperties": .map(Self.type(element, position))]
    case .object(let fields): return object(fields, position)
    case .any: return [:]
    }
  }
}

extension [Value.Fields] {
  /// The entries of all, in their order.
  fileprivate var merged: Value.Fields { Value.Fields(flatMap(\.entries)) }
}

extension Value.Fields {
  /// The same where no value is taken as well.
  fileprivate var allowingNull: Value.Fields {
    if case .list(let choices)? = self["anyOf"] {
      return ["anyOf": .list(choices + [.map(["type": "null"])])]
    }
    var result = self
    guard let type = self["type"] else { return result }
    result["type"] = .list([type, "null"])
    if case .list(let choices)? = self["enum"] { result["enum"] = .list(choices + [.null]) }
    return result
  }

  /// The same where a text with a placeholder stands for a scalar.
  fileprivate var allowingPlaceholder: Value.Fields {
    let isPlainText = self["enum"] == nil && self["pattern"] == nil
    switch self["type"] {
    case "integer", "number", "boolean": break
    case "string" where !isPlainText: break
    default: return self
    }
    return ["anyOf": .list([.map(self), .map(["type": "string", "pattern": #"\$\{"#])])]
  }
}
