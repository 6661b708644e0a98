public import Tend

/// The documentation of a kind or of one of its fields, as `tend explain` shows it.
public enum Explanation {
  /// The text for a kind, or for one field of it; nil where there is no such field.
  ///
  /// `field` is a path in the spec such as `limits.memory`, or of the document itself, such as
  /// `lifecycle.interval`. Pure; wrapped at 80 columns.
  public static func text(of kind: KindName, _ schema: Schema, field: String? = nil) -> String? {
    var page = Page()
    page.line("KIND     \(kind.kind)")
    page.line("VERSION  \(kind.apiVersion)")
    guard let field else {
      page.whole(schema, "FIELDS OF spec", every: Envelope.schema)
      return page.text
    }
    let path = field.hasPrefix("spec.") ? String(field.dropFirst(5)) : field
    guard let found = schema.field(at: path) ?? Envelope.schema.field(at: field) else { return nil }
    page.one(found, at: field)
    return page.text
  }

  /// The text for a file that is no manifest, or for one field of it; nil where there is no such
  /// field.
  public static func text(
    ofFile name: String, _ schema: Schema, field: String? = nil
  ) -> String? {
    var page = Page()
    page.line("FILE     \(name)")
    guard let field else {
      page.whole(schema, "FIELDS")
      return page.text
    }
    guard let found = schema.field(at: field) else { return nil }
    page.one(found, at: field)
    return page.text
  }

  /// The text for a field that such a file does not have.
  public static func missing(field: String, ofFile name: String, _ schema: Schema) -> String {
    missing(field, of: name, among: schema.fields)
  }

  /// The text for a field that a kind does not have: what was probably meant, and what there is.
  public static func missing(field: String, of kind: KindName, _ schema: Schema) -> String {
    missing(field, of: kind.kind, among: schema.fields + Envelope.schema.fields)
  }

  private static func missing(
    _ field: String, of name: String, among fields: [Schema.Field]
  ) -> String {
    let names = fields.map(\.name)
    let first = field.split(separator: ".").first.map(String.init) ?? field
    let known = names.contains(first) ? nil : nearest(to: first, among: names)
    let remedy = known.map { "did you mean \($0)?" } ?? "tend explain \(name) lists the fields"
    return "\(name) has no field \(field); \(remedy)"
  }
}

private struct Page {
  private(set) var text = ""

  mutating func line(_ line: String, indent: Int = 0) {
    text += line.isEmpty ? "\n" : String(repeating: " ", count: indent) + line + "\n"
  }

  mutating func whole(_ schema: Schema, _ title: String, every document: Schema? = nil) {
    line("")
    wrapped(schema.summary, indent: 0)
    line("")
    line(title)
    list(schema.fields, indent: 2)
    if let document {
      line("")
      line("FIELDS OF EVERY DOCUMENT")
      list(document.fields.filter { $0.name != "spec" }, indent: 2)
    }
    guard let example = schema.example else { return }
    line("")
    line("EXAMPLE")
    for row in example.split(separator: "\n", omittingEmptySubsequences: false) {
      line(String(row), indent: row.isEmpty ? 0 : 2)
    }
  }

  mutating func one(_ field: Schema.Field, at path: String) {
    line("FIELD    \(path)")
    line("")
    entry(field, indent: 0)
  }

  private mutating func list(_ fields: [Schema.Field], indent: Int) {
    for field in fields { entry(field, indent: indent) }
  }

  private mutating func entry(_ field: Schema.Field, indent: Int) {
    wrapped("\(field.name) <\(traits(of: field))>", indent: indent, hanging: 4)
    wrapped(field.summary, indent: indent + 4)
    list(field.type.fields, indent: indent + 4)
  }

  private func traits(of field: Schema.Field) -> String {
    var traits = [field.type.description]
    if case .integer(let range) = field.type { traits[0] += bounds(of: range) }
    if field.isRequired { traits.append("required") }
    if let value = field.defaultValue, !field.isSensitive { traits.append("default \(value.json)") }
    if field.isImmutable { traits.append("immutable") }
    if field.isSensitive { traits.append("sensitive") }
    return traits.joined(separator: ", ")
  }

  private func bounds(of range: ClosedRange<Int64>) -> String {
    switch (range.lowerBound, range.upperBound) {
    case (.min, .max): ""
    case (let lower, .max): " from \(lower)"
    case (.min, let upper): " to \(upper)"
    case (let lower, let upper): " \(lower) to \(upper)"
    }
  }

  /// Breaks at spaces so that a line has at most 80 columns; a longer word stays whole.
  private mutating func wrapped(_ paragraph: String, indent: Int, hanging: Int = 0) {
    var row = ""
    var margin = indent
    for word in paragraph.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      if !row.isEmpty, margin + row.count + 1 + word.count > 80 {
        line(row, indent: margin)
        row = ""
        margin = indent + hanging
      }
      row += row.isEmpty ? String(word) : " " + word
    }
    if !row.isEmpty { line(row, indent: margin) }
  }
}
