import Tend

/// Makes declarations of documents; all that is wrong with a document is reported.
struct DeclarationReader {
  private(set) var diagnostics: [Diagnostic] = []
  /// Whether the text has a `$`, or an escape that may stand for one.
  let mayHavePlaceholders: Bool

  /// The declaration of a document, also of one with mistakes, as long as kind and name are known.
  mutating func declaration(of document: Document) -> Declaration? {
    guard case .map(let fields) = document.value else {
      report(
        .wrongType, document, [],
        "a document must be a map, but is \(document.value.kindDescription)",
        remedy: "begin it with apiVersion: and kind:, or exclude the file in tend.yaml")
      return nil
    }
    if fields["apiVersion"] == nil, fields["kind"] == nil {
      report(
        .missingField, document, [], "apiVersion and kind are missing",
        remedy: "add them, or exclude the file in tend.yaml")
      return nil
    }
    diagnostics += document.diagnostics(checkedBy: Envelope.schema)
    let declaration = Fields(fields).declaration(
      of: document,
      hasPlaceholders: mayHavePlaceholders
        && fields["spec"].map { Template.isNeeded(for: $0) } == true)
    if let declaration { check(declaration, fields, document) }
    return declaration
  }

  /// What a schema can't say.
  private mutating func check(
    _ declaration: Declaration, _ fields: Value.Fields, _ document: Document
  ) {
    checkNames(declaration, document)
    for (index, text) in declaration.dependencies.enumerated() where !Syntax.isReference(text) {
      report(
        .reference, document, [.key("dependsOn"), .index(index)],
        "dependsOn[\(index)] is no reference", remedy: "write Kind/name or group/v1/Kind/name")
    }
    if fields["lifecycle"] != nil { check(declaration.lifecycle, document) }
  }

  private mutating func checkNames(_ declaration: Declaration, _ document: Document) {
    let rule = "use 1 to 253 letters, digits, dots, dashes and underscores"
    if !Syntax.isAPIVersion(declaration.reference.kind.apiVersion) {
      report(
        .invalidValue, document, [.key("apiVersion")], "apiVersion is no group and version",
        remedy: "write it like files/v1")
    }
    if !Syntax.isName(declaration.reference.kind.kind, limit: 253) {
      report(
        .invalidValue, document, [.key("kind")], "kind can't be the name of a kind", remedy: rule)
    }
    if !Syntax.isName(declaration.reference.name) {
      report(
        .invalidValue, document, [.key("metadata"), .key("name")],
        "metadata.name can't be a name", remedy: rule)
    }
    for (index, name) in declaration.formerNames.enumerated() where !Syntax.isName(name) {
      report(
        .invalidValue, document, [.key("metadata"), .key("formerly"), .index(index)],
        "metadata.formerly[\(index)] can't be a name", remedy: rule)
    }
  }

  private mutating func check(_ lifecycle: Lifecycle, _ document: Document) {
    if let interval = lifecycle.interval, interval < .seconds(1) {
      report(
        .invalidValue, document, [.key("lifecycle"), .key("interval")],
        "lifecycle.interval must be at least 1s", remedy: "give it a longer time")
    }
    if let timeout = lifecycle.timeout, timeout <= .zero {
      report(
        .invalidValue, document, [.key("lifecycle"), .key("timeout")],
        "lifecycle.timeout must be at least 1ms", remedy: "give it a longer time")
    }
    for (index, path) in lifecycle.ignoreDifferences.enumerated()
    where FieldPath(path)?.steps.isEmpty != false {
      report(
        .invalidValue, document, [.key("lifecycle"), .key("ignoreDifferences"), .index(index)],
        "lifecycle.ignoreDifferences[\(index)] is no path of a field",
        remedy: "write it like mode or limits.memory")
    }
  }

  private mutating func report(
    _ code: Diagnostic.Code, _ document: Document, _ path: [FieldPath.Step], _ message: String,
    remedy: String
  ) {
    diagnostics.append(
      Diagnostic(code, at: document.place(of: FieldPath(path)), message, remedy: remedy))
  }
}

/// The fields of a document as the types that they stand for; what does not fit is left out.
private struct Fields {
  private let fields: Value.Fields

  init(_ fields: Value.Fields) {
    self.fields = fields
  }

  func declaration(of document: Document, hasPlaceholders: Bool) -> Declaration? {
    guard let apiVersion = text("apiVersion"), let kind = text("kind"),
      case .map(let map)? = fields["metadata"]
    else { return nil }
    let metadata = Fields(map)
    guard let name = metadata.text("name") else { return nil }
    return Declaration(
      Reference(kind: KindName(apiVersion: apiVersion, kind: kind), name: name),
      labels: metadata.texts(named: "labels"), formerNames: metadata.texts("formerly"),
      dependencies: texts("dependsOn"), lifecycle: lifecycle, spec: fields["spec"] ?? .null,
      at: document.place, in: document.text, document: document.line,
      hasPlaceholders: hasPlaceholders)
  }

  private var lifecycle: Lifecycle {
    var lifecycle = Lifecycle()
    guard case .map(let map)? = self.fields["lifecycle"] else { return lifecycle }
    let fields = Fields(map)
    lifecycle.preventDelete = fields.flag("preventDelete")
    lifecycle.ignoreDifferences = fields.texts("ignoreDifferences")
    lifecycle.interval = fields.text("interval").flatMap { Duration($0) }
    lifecycle.timeout = fields.text("timeout").flatMap { Duration($0) }
    lifecycle.suspend = fields.flag("suspend")
    lifecycle.mode = fields.text("mode").flatMap(Lifecycle.Mode.init)
    lifecycle.deletionPolicy = fields.text("deletionPolicy").flatMap(Lifecycle.DeletionPolicy.init)
    return lifecycle
  }

  private func text(_ key: String) -> String? {
    if case .string(let text)? = fields[key] { text } else { nil }
  }

  private func flag(_ key: String) -> Bool {
    if case .boolean(let flag)? = fields[key] { flag } else { false }
  }

  private func texts(_ key: String) -> [String] {
    guard case .list(let values)? = fields[key] else { return [] }
    return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
  }

  private func texts(named key: String) -> [String: String] {
    guard case .map(let map)? = fields[key] else { return [:] }
    var texts: [String: String] = [:]
    texts.reserveCapacity(map.entries.count)
    for entry in map.entries {
      if case .string(let text) = entry.value { texts[entry.key] = text }
    }
    return texts
  }
}
