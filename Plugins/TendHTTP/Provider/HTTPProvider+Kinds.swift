public import Tend

/// A document of `http/v1` that stands for nothing by itself.
public struct HTTPDefinition: Sendable {
  enum Content: Sendable {
    case api(Connection)
    case type(ObjectType)
  }

  let content: Content
}

extension HTTPProvider: KindDefining {
  /// `API` and `ObjectType`.
  public typealias Definition = HTTPDefinition

  /// The kinds of definitions.
  public var definitions: [Kind<HTTPDefinition>] {
    [
      Kind("http/v1 API", HTTPSchemas.api) { (declaration: Declaration) throws(Diagnostics) in
        HTTPDefinition(content: .api(try Connection.decode(declaration)))
      },
      Kind("http/v1 ObjectType", HTTPSchemas.type) {
        (declaration: Declaration) throws(Diagnostics) in
        var reader = SpecReader(declaration)
        let fields = ObjectType.decode(&reader, parameters: reader.parameters())
        return HTTPDefinition(content: .type(try reader.finish(ObjectType(fields))))
      },
    ]
  }

  /// `Object`, and a kind for each type.
  public func kinds(
    definedBy definitions: [Declared<HTTPDefinition>]
  ) throws(Diagnostics) -> [Kind<ObjectSpec>] {
    let connections = definitions.compactMap { definition in
      if case .api(let connection) = definition.content.content {
        Shared(wrappedValue: connection)
      } else {
        nil
      }
    }
    var kinds = [Self.objects(of: connections)]
    var mistakes = Diagnostics()
    for definition in definitions {
      guard case .type(let type) = definition.content.content else { continue }
      do throws(Diagnostics) {
        kinds.append(try Self.kind(of: type, definition.declaration, connections))
      } catch {
        mistakes.append(contentsOf: error)
      }
    }
    guard mistakes.isEmpty else { throw mistakes }
    return kinds
  }

  private static func kind(
    of type: ObjectType, _ declaration: Declaration, _ connections: [Shared<Connection>]
  ) throws(Diagnostics) -> Kind<ObjectSpec> {
    let connection = try connection(type.fields.api, declaration, connections)
    let name = declaration.reference.name
    return Kind(
      KindName(apiVersion: "\(connection.wrappedValue.name)/v1", kind: name),
      type.schema(named: name)
    ) { (declaration: Declaration) throws(Diagnostics) in
      var reader = SpecReader(declaration)
      let bindings = type.bindings(declaration.spec, &reader)
      let spec = ObjectSpec(type, connection, bindings, name: declaration.reference.name)
      reader.check(spec, type.fields)
      return try reader.finish(spec)
    }
  }

  static func objects(of connections: [Shared<Connection>]) -> Kind<ObjectSpec> {
    Kind("http/v1 Object", HTTPSchemas.object) { (declaration: Declaration) throws(Diagnostics) in
      var reader = SpecReader(declaration)
      let connection = try connection(reader.text("api") ?? "", declaration, connections)
      let names = reader.entries("secrets").map(\.key)
      let parameters = names.map { name in
        ObjectType.Parameter(
          name: name, type: .object(HTTPSchemas.secretFields), isSecret: true, summary: "")
      }
      let type = ObjectType(ObjectType.decode(&reader, parameters: parameters))
      var bindings = Bindings()
      for name in names {
        let path = FieldPath([.key("secrets"), .key(name)]).description
        if let source = reader.secret(path) { bindings[name] = .secret(source) }
      }
      let spec = ObjectSpec(type, connection, bindings, name: declaration.reference.name)
      reader.check(spec, type.fields)
      return try reader.finish(spec)
    }
  }

  private static func connection(
    _ name: String, _ declaration: Declaration, _ connections: [Shared<Connection>]
  ) throws(Diagnostics) -> Shared<Connection> {
    if let found = connections.first(where: { $0.wrappedValue.name == name }) { return found }
    let names = connections.map(\.wrappedValue.name).sorted()
    let known =
      names.isEmpty
      ? "declare it: kind: API, metadata: {name: \(name)}"
      : "the APIs are \(names.joined(separator: ", "))"
    throw Diagnostics([
      Diagnostic(
        .reference, at: declaration.place(of: "api"), "there is no API \(name)",
        remedy: nearest(to: name, among: names).map { "did you mean \($0)?" } ?? known)
    ])
  }
}
