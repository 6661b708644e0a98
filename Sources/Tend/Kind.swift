/// One kind: its name, its schema, and how a declaration becomes what it stands for.
public struct Kind<Content: Sendable>: Sendable {
  /// Group, version and kind.
  public let name: KindName
  /// The fields of its spec; checked before anything is decoded.
  public let schema: Schema

  package let decode: @Sendable (Declaration) throws(Diagnostics) -> Content

  /// A kind that is known at run time only, or needs the whole declaration: its files, its places.
  ///
  /// `decode` is pure and is called only for a spec that the schema accepts.
  public init(
    _ name: KindName, _ schema: Schema,
    decode: @escaping @Sendable (Declaration) throws(Diagnostics) -> Content
  ) {
    self.name = name
    self.schema = schema
    self.decode = decode
  }

  /// A kind whose spec is decoded by `Decodable`.
  public init<Spec: Decodable & SendableMetatype>(
    _ name: KindName, _ spec: Spec.Type, _ schema: Schema,
    make: @escaping @Sendable (Spec) -> Content
  ) {
    self.init(name, schema) { (declaration: Declaration) throws(Diagnostics) in
      make(try declaration.decode(spec))
    }
  }
}

extension Kind where Content: Decodable & SendableMetatype {
  /// A kind whose spec is the desired state itself.
  public init(_ name: KindName, _ schema: Schema) {
    self.init(name, Content.self, schema) { $0 }
  }
}

extension Declaration {
  /// Decodes the spec; a failure is a diagnostic at the place of the field.
  public func decode<Spec: Decodable>(_ type: Spec.Type) throws(Diagnostics) -> Spec {
    do {
      return try ValueDecoder().decode(type, from: spec)
    } catch {
      throw Diagnostics([diagnostic(for: error)])
    }
  }

  private func diagnostic(for error: any Error) -> Diagnostic {
    guard let error = error as? DecodingError else {
      return Diagnostic(.invalidValue, at: place, "\(error)")
    }
    let (context, code): (DecodingError.Context, Diagnostic.Code) =
      switch error {
      case .typeMismatch(_, let context): (context, .wrongType)
      case .valueNotFound(_, let context): (context, .wrongType)
      case .keyNotFound(_, let context): (context, .missingField)
      case .dataCorrupted(let context): (context, .invalidValue)
      @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), .syntax)
      }
    let path = FieldPath(
      context.codingPath.map { key in
        key.intValue.map(FieldPath.Step.index) ?? .key(key.stringValue)
      }
    ).description
    return Diagnostic(
      code, at: place(of: path),
      path.isEmpty
        ? context.debugDescription
        : "\(path): \(context.debugDescription)")
  }
}
