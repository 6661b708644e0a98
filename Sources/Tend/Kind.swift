/// One kind: its name, its schema, and how a declaration becomes what it stands for.
public struct Kind<Content: Sendable>: Sendable {
  /// Group, version and kind.
  public let name: KindName
  /// The fields of its spec; checked before anything is decoded.
  public let schema: Schema

  package let decode: @Sendable (Declaration) throws(Diagnostics) -> Content

  /// A kind that is known at run time only, or needs the whole declaration: its files, its places.
  ///
  /// `decode` is pure and is called only for a spec that the schema accepts; where a part of the
  /// spec was refused, other values stand in for it, and only what is wrong with the rest is said.
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
    let failure = DecodingFailure(error)
    return Diagnostic(failure.code, at: place(of: failure.path), failure.message)
  }
}

/// What a decoder threw, in the words of a diagnostic.
package struct DecodingFailure {
  package let code: Diagnostic.Code
  package let path: FieldPath
  package let message: String

  package init(_ error: any Error) {
    guard let error = error as? DecodingError else {
      (code, path, message) = (.invalidValue, FieldPath([]), "\(error)")
      return
    }
    let context: DecodingError.Context
    (context, code) =
      switch error {
      case .typeMismatch(_, let context): (context, .wrongType)
      case .valueNotFound(_, let context): (context, .wrongType)
      case .keyNotFound(_, let context): (context, .missingField)
      case .dataCorrupted(let context): (context, .invalidValue)
      @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), .syntax)
      }
    path = FieldPath(
      context.codingPath.map { key in
        key.intValue.map(FieldPath.Step.index) ?? .key(key.stringValue)
      })
    // The standard library's text for an enum quotes the value, which may be a secret.
    let text =
      context.debugDescription.hasPrefix("Cannot initialize")
      ? "is not one of the values that it takes" : context.debugDescription
    message = path.steps.isEmpty ? text : "\(path): \(text)"
  }
}
