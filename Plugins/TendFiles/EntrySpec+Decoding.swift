internal import Tend

extension EntrySpec {
  /// Reads a `File`.
  static func file(
    _ declaration: Declaration, _ parents: LastParent
  ) throws(Diagnostics) -> EntrySpec {
    var reader = SpecReader(declaration, parents)
    let location = reader.location()
    let content = reader.content()
    let fields = Fields(
      location, .file(content), permissions: reader.permissions(),
      owner: reader.principal("owner"), group: reader.principal("group"),
      isSensitive: reader.flag("sensitive"), keepsBackup: reader.text("backup") != "none",
      replacement: reader.text("replace").flatMap(Replacement.init) ?? .atomic,
      validation: reader.validation())
    return try reader.finish(fields)
  }

  /// Reads a `Directory`.
  static func directory(
    _ declaration: Declaration, _ parents: LastParent
  ) throws(Diagnostics) -> EntrySpec {
    var reader = SpecReader(declaration, parents)
    let fields = Fields(
      reader.location(), .directory, permissions: reader.permissions(),
      owner: reader.principal("owner"), group: reader.principal("group"),
      purges: reader.flag("purge"))
    return try reader.finish(fields)
  }

  /// Reads a `Symlink`.
  static func link(
    _ declaration: Declaration, _ parents: LastParent
  ) throws(Diagnostics) -> EntrySpec {
    var reader = SpecReader(declaration, parents)
    let fields = Fields(
      reader.location(), .link(target: reader.target()),
      owner: reader.principal("owner"), group: reader.principal("group"))
    return try reader.finish(fields)
  }
}

/// Reads the fields of a spec that the schema has accepted, and collects all that is wrong.
///
/// What it gives for a wrong field is never used: `finish` throws. No message quotes a content.
private struct SpecReader {
  private let declaration: Declaration
  private let parents: LastParent
  private let fields: Value.Fields
  private var mistakes = Diagnostics()

  init(_ declaration: Declaration, _ parents: LastParent) {
    self.declaration = declaration
    self.parents = parents
    fields = if case .map(let fields) = declaration.spec { fields } else { [:] }
  }

  private subscript(field: String) -> Value? { fields[field] }

  private mutating func refuse(_ field: String, _ message: String, remedy: String) {
    mistakes.append(
      Diagnostic(
        .invalidValue, at: declaration.place(of: field), "\(field) \(message)", remedy: remedy))
  }

  consuming func finish(_ fields: EntrySpec.Fields) throws(Diagnostics) -> EntrySpec {
    guard mistakes.isEmpty else { throw mistakes }
    return EntrySpec(fields)
  }

  func text(_ field: String) -> String? {
    if case .string(let text) = self[field] { text } else { nil }
  }

  func flag(_ field: String) -> Bool { self[field] == .boolean(true) }

  mutating func location() -> Location {
    do {
      let path = try EntryPath(normalising: text("path") ?? "", below: declaration.root)
      return Location(path, in: parents.parent(of: path))
    } catch {
      refuse("path", error.message, remedy: error.remedy)
      return Location(.unreadable)
    }
  }

  mutating func permissions() -> Permissions? {
    guard let text = text("mode") else { return nil }
    if let permissions = Permissions(text) { return permissions }
    refuse(
      "mode", "must be three or four octal digits", remedy: FileSchemas.modeHint)
    return nil
  }

  mutating func principal(_ field: String) -> Principal? {
    guard let text = text(field) else { return nil }
    if let principal = Principal(text) { return principal }
    refuse(
      field, "is neither a name nor a number of a \(field == "owner" ? "user" : "group")",
      remedy: "write it like \"www-data\" or \"33\"")
    return nil
  }

  mutating func validation() -> Validation? {
    guard case .list(let values) = self["validate"] else { return nil }
    let arguments = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    guard let mistake = Validation.mistake(in: arguments) else {
      return Validation(arguments: arguments)
    }
    refuse("validate", mistake.message, remedy: mistake.remedy)
    return nil
  }

  mutating func target() -> String {
    let target = text("target") ?? ""
    if target.isEmpty {
      refuse("target", "is empty", remedy: "say what the link leads to")
    } else if target.utf8.contains(0) {
      refuse("target", "contains a NUL", remedy: "take the NUL out")
    } else if target.utf8.count > EntryPath.longest {
      refuse(
        "target", "is longer than \(EntryPath.longest) bytes", remedy: "choose a shorter one")
    }
    return target
  }

  mutating func content() -> FileContent {
    let names = ["content", "source", "contentBase64"]
    let given = names.filter { if let value = self[$0], value != .null { true } else { false } }
    guard given.count == 1, let field = given.first else {
      if let second = given.dropFirst().first {
        refuse(
          second, "stands beside \(given[0])",
          remedy: "keep one of \(names.joined(separator: ", "))")
      } else {
        mistakes.append(
          Diagnostic(
            .missingField, at: declaration.place, "content is missing",
            remedy: "add one of \(names.joined(separator: ", ")); an empty file has content: \"\""))
      }
      return FileContent([])
    }
    if field != "content", flag("expand") {
      refuse(
        "expand", "goes with content alone", remedy: "take it away, or write the text as content")
    }
    switch field {
    case "content": return inline()
    case "source": return source()
    default: return decoded()
    }
  }

  private mutating func inline() -> FileContent {
    let text = text("content") ?? ""
    return isSmallEnough("content", text.utf8.count)
      ? FileContent(text, of: declaration) : FileContent([])
  }

  private mutating func decoded() -> FileContent {
    let text = text("contentBase64") ?? ""
    // Four characters hold three bytes; what is far too long is not even decoded.
    guard isSmallEnough("contentBase64", text.utf8.count / 2) else { return FileContent([]) }
    guard let bytes = [UInt8](base64: text) else {
      refuse("contentBase64", "is not Base64", remedy: "encode it with base64(1)")
      return FileContent([])
    }
    return isSmallEnough("contentBase64", bytes.count) ? FileContent(bytes) : FileContent([])
  }

  private mutating func source() -> FileContent {
    do {
      let file = try declaration.file(text("source") ?? "", field: "source")
      guard isSmallEnough("source", file.size) else { return FileContent([]) }
      guard let digest = Digest(file.digest) else {
        refuse("source", "has a digest that can't be read", remedy: "report this as an error")
        return FileContent([])
      }
      return FileContent(.source(file), size: file.size, digest: digest)
    } catch {
      mistakes.append(contentsOf: error)
      return FileContent([])
    }
  }

  private mutating func isSmallEnough(_ field: String, _ size: Int) -> Bool {
    if size <= FileContent.largest { return true }
    refuse(field, "is larger than 64 MiB", remedy: "bring so large a file in another way")
    return false
  }
}
