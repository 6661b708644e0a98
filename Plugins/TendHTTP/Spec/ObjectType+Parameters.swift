internal import Tend

extension SpecReader {
  /// The parameters of an `ObjectType`.
  mutating func parameters() -> [ObjectType.Parameter] {
    entries("parameters").map { parameter($0.key) }
  }

  private mutating func parameter(_ name: String) -> ObjectType.Parameter {
    let path = FieldPath([.key("parameters"), .key(name)])
    if !URITemplate.isName(name) || ObjectType.builtIn.contains(name) {
      refuse(
        path, "is no name that a placeholder can have",
        remedy: "use letters, digits and _; identity and correlation are taken")
    }
    let fields: Value.Fields =
      if case .map(let fields)? = declaration.spec.value(at: path) { fields } else { [:] }
    var parameter = ObjectType.Parameter(
      name: name, type: .string, summary: fields.text("summary") ?? "The \(name).")
    parameter.isRequired = fields["required"] == .boolean(true)
    parameter.defaultValue = fields["default"].flatMap { $0 == .null ? nil : $0 }
    switch fields.text("type") {
    case "integer": parameter.type = .integer(.min ... .max)
    case "number": parameter.type = .number
    case "boolean": parameter.type = .boolean
    case "list": parameter.type = .list(.any)
    case "map": parameter.type = .map(.any)
    case "any": parameter.type = .any
    case "secret":
      parameter.type = .object(HTTPSchemas.secretFields)
      parameter.isSecret = true
    default: break
    }
    if case .list(let choices)? = fields["choices"] {
      if parameter.type == .string {
        parameter.type = .choice(choices.compactMap(\.plainText))
      } else {
        refuse(
          path.appending(.key("choices")), "stands beside a type that is no string",
          remedy: "leave out the type, or the choices")
      }
    }
    check(parameter, path)
    return parameter
  }

  private mutating func check(_ parameter: ObjectType.Parameter, _ path: FieldPath) {
    guard let value = parameter.defaultValue else { return }
    if parameter.isRequired {
      refuse(path, "is required and has a default", remedy: "keep one of the two")
    }
    if parameter.isSecret {
      refuse(path, "is a secret with a default", remedy: "let each object name its own")
      return
    }
    let schema = Schema("", [Schema.Field(parameter.name, parameter.type, "")])
    let violations = schema.violations(in: .map([parameter.name: value]))
    if let violation = violations.first {
      refuse(
        path.appending(.key("default")), "does not fit the type: \(violation.message)",
        remedy: violation.remedy ?? "give it a value of the type", .wrongType)
    }
  }
}

extension Value.Fields {
  func text(_ key: String) -> String? {
    if case .string(let text)? = self[key] { text } else { nil }
  }
}

extension ObjectType {
  /// The kind that an `ObjectType` defines.
  func schema(named name: String) -> Schema {
    let summary =
      fields.summary.isEmpty ? "A \(name) of the API \(fields.api)." : fields.summary
    return Schema(
      summary,
      fields.parameters.map { parameter in
        Schema.Field(
          parameter.name, parameter.type, required: parameter.isRequired,
          default: parameter.defaultValue, parameter.summary)
      })
  }

  /// What the placeholders stand for in one object.
  func bindings(_ spec: Value, _ reader: inout SpecReader) -> Bindings {
    var bindings = Bindings()
    let given: Value.Fields = if case .map(let fields) = spec { fields } else { [:] }
    for parameter in fields.parameters {
      let value = given[parameter.name].flatMap { $0 == .null ? nil : $0 }
      if parameter.isSecret {
        if let source = reader.secret(parameter.name) { bindings[parameter.name] = .secret(source) }
      } else if let value = value ?? parameter.defaultValue {
        bindings[parameter.name] = .value(value)
      }
    }
    return bindings
  }
}
