public import Tend

/// One document of a text: its value, and where everything in it stands.
public struct Document: Sendable {
  /// What it says.
  public let value: Value
  /// Where its first key or item stands.
  public let place: Place
  /// The text that it was read from.
  let text: KeptText
  /// The line of the text at which it begins, from 0.
  let line: Int

  /// Finds the place of any field of it, by reading the text again.
  public var places: any PlaceFinder { DocumentPlaces(text: text, line: line) }

  /// All the ways in which the document does not fit a schema, each with its place.
  ///
  /// `subject` is what messages call the whole document.
  public func diagnostics(checkedBy schema: Schema, subject: String = "document") -> [Diagnostic] {
    schema.violations(in: value, subject: subject).map { violation in
      Diagnostic(
        violation.code,
        at: violation.code == .unknownField
          ? places.place(ofKey: violation.path) ?? place : place(of: violation.path),
        violation.message, remedy: violation.remedy)
    }
  }

  /// Decodes the document once it fits the schema.
  ///
  /// Throws all that is wrong with it, each with its place.
  public func decode<T: Decodable>(
    _ type: T.Type, checkedBy schema: Schema, subject: String = "document"
  ) throws(Diagnostics) -> T {
    let wrong = diagnostics(checkedBy: schema, subject: subject)
    guard wrong.isEmpty else { throw Diagnostics(wrong) }
    do {
      return try ValueDecoder().decode(type, from: value)
    } catch {
      let failure = DecodingFailure(error)
      throw Diagnostics([Diagnostic(failure.code, at: place(of: failure.path), failure.message)])
    }
  }

  /// The place of a field, or of the nearest one above it that has a place.
  public func place(of path: FieldPath) -> Place {
    places.nearest(to: path) ?? place
  }
}
