public import Tend

/// One file of values, read.
public struct ValuesFile: Sendable {
  /// Relative to the tree.
  public let path: String
  /// What it says.
  let fields: Value.Fields
  /// All that is wrong with it.
  let diagnostics: [Diagnostic]

  /// Reads a file of values: one map of names.
  public init(path: String, bytes: [UInt8], limits: ManifestLimits = ManifestLimits()) {
    self.path = path
    let parsed = DocumentParser(limits: limits).parse(bytes, file: path)
    var wrong = parsed.diagnostics.all
    if let second = parsed.documents.dropFirst().first {
      wrong.append(
        Diagnostic(
          .syntax, at: second.place, "a file of values is one document",
          remedy: "put all values into one map"))
    }
    guard let document = parsed.documents.first else {
      (fields, diagnostics) = (Value.Fields(), wrong)
      return
    }
    var reading = ValuesReading(document)
    fields = reading.values(of: document.value, FieldPath([]))
    diagnostics = wrong + reading.diagnostics
  }
}

/// Checks a map of values, and takes the places of `$${` out of its texts.
public struct ValuesReading {
  /// All that is wrong so far.
  public private(set) var diagnostics: [Diagnostic] = []
  private let document: Document

  /// Reads in a document.
  public init(_ document: Document) { self.document = document }

  /// The values below a field of the document; what can't be one is left out and reported.
  public mutating func values(of value: Value, _ path: FieldPath) -> Value.Fields {
    guard case .map(let fields) = value else {
      report(
        .wrongType, path, "values must be a map, but are \(value.kindDescription)",
        "write NAME: value")
      return Value.Fields()
    }
    var result = Value.Fields()
    for entry in fields.entries where Values.reserved.contains(entry.key) {
      report(
        .invalidValue, path.appending(.key(entry.key)),
        "\(entry.key) is kept for the values that are built in", "use another name")
    }
    for entry in fields.entries where !Values.reserved.contains(entry.key) {
      if let value = self.value(entry, path.appending(.key(entry.key))) {
        result[entry.key] = value
      }
    }
    return result
  }

  private mutating func value(_ entry: Value.Fields.Entry, _ path: FieldPath) -> Value? {
    guard Values.isPlainName(entry.key) else {
      report(
        .invalidValue, path, "this key can't be the name of a value",
        "begin it with a letter, and use letters, digits, dashes and underscores")
      return nil
    }
    switch entry.value {
    case .boolean, .integer, .number: return entry.value
    case .string(let text): return self.text(text, path)
    case .map(let fields):
      return .map(
        .init(
          fields.entries.compactMap { inner in
            value(inner, path.appending(.key(inner.key))).map { .init(key: inner.key, value: $0) }
          }))
    case .null, .list:
      report(
        .wrongType, path,
        "\(path) must be a text, number, boolean or map, but is "
          + entry.value.kindDescription, "give it a value, or leave it out")
      return nil
    }
  }

  private mutating func text(_ text: String, _ path: FieldPath) -> Value? {
    guard Template.isNeeded(for: text) else { return .string(text) }
    guard let template = try? Template(text), template.placeholders.isEmpty else {
      report(
        .invalidValue, path, "\(path) has a ${ in it, but values stand for nothing but themselves",
        "write $${ for a ${ that is text")
      return nil
    }
    return .string(
      template.parts.map { if case .text(let text) = $0 { text } else { "" } }.joined())
  }

  private mutating func report(
    _ code: Diagnostic.Code, _ path: FieldPath, _ message: String, _ remedy: String
  ) {
    diagnostics.append(Diagnostic(code, at: document.place(of: path), message, remedy: remedy))
  }
}
