internal import Tend

/// Reads the fields of a spec that the schema has accepted, and collects all that is wrong.
///
/// What it gives for a wrong field is never used: `finish` throws.
struct SpecReader {
  let declaration: Declaration
  private(set) var mistakes = Diagnostics()

  init(_ declaration: Declaration) {
    self.declaration = declaration
  }

  mutating func refuse(
    _ field: FieldPath, _ message: String, remedy: String,
    _ code: Diagnostic.Code = .invalidValue
  ) {
    mistakes.append(
      Diagnostic(
        code, at: declaration.place(of: field), "\(field) \(message)", remedy: remedy))
  }

  mutating func refuse(
    _ field: String, _ message: String, remedy: String, _ code: Diagnostic.Code = .invalidValue
  ) {
    refuse(FieldPath(field) ?? FieldPath([]), message, remedy: remedy, code)
  }

  consuming func finish<Result>(_ result: Result) throws(Diagnostics) -> Result {
    guard mistakes.isEmpty else { throw mistakes }
    return result
  }

  func value(_ path: String) -> Value? {
    guard let value = declaration.spec.value(at: path), value != .null else { return nil }
    return value
  }

  func text(_ path: String) -> String? {
    if case .string(let text)? = value(path) { text } else { nil }
  }

  func integer(_ path: String) -> Int? {
    if case .integer(let number)? = value(path) { Int(clamping: number) } else { nil }
  }

  func flag(_ path: String) -> Bool? {
    if case .boolean(let flag)? = value(path) { flag } else { nil }
  }

  func duration(_ path: String) -> Duration? { text(path).flatMap { Duration($0) } }

  func texts(_ path: String) -> [String]? {
    guard case .list(let values)? = value(path) else { return nil }
    return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
  }

  func numbers(_ path: String) -> [Int]? {
    guard case .list(let values)? = value(path) else { return nil }
    return values.compactMap {
      if case .integer(let number) = $0 { Int(clamping: number) } else { nil }
    }
  }

  func entries(_ path: String) -> [Value.Fields.Entry] {
    if case .map(let fields)? = value(path) { fields.entries } else { [] }
  }

  /// `{fromFile: PATH}` or `{fromEnvironment: NAME}`.
  mutating func secret(_ path: String) -> SecretSource? {
    guard let value = value(path) else { return nil }
    if let source = SecretSource(value) { return source }
    refuse(
      path, "must name one place", remedy: "write {fromFile: PATH} or {fromEnvironment: NAME}")
    return nil
  }

  mutating func address(_ path: String) -> WebAddress? {
    guard let text = text(path) else { return nil }
    if let address = WebAddress(text) { return address }
    refuse(
      path, "is no URL of HTTP", remedy: "write it like https://host:port/path, without a password")
    return nil
  }

  mutating func pointer(_ path: String) -> JSONPointer? {
    guard let text = text(path) else { return nil }
    if let pointer = JSONPointer(text) { return pointer }
    refuse(
      path, "is no JSON pointer", remedy: "write it like /status/id; / and ~ in a name are ~1, ~0")
    return nil
  }
}

extension SecretSource {
  /// Reads `{fromFile: PATH}` or `{fromEnvironment: NAME}`, with exactly one of the two.
  init?(_ value: Value) {
    guard case .map(let fields) = value else { return nil }
    switch (fields["fromFile"] ?? .null, fields["fromEnvironment"] ?? .null) {
    case (.string(let path), .null) where path.hasPrefix("/"): self = .file(path)
    case (.null, .string(let name)) where !name.isEmpty: self = .environment(name)
    default: return nil
    }
  }
}
