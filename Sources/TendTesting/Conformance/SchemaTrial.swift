internal import Tend

/// Tries what the schema accepts, and what it forbids, on the decoder.
struct SchemaTrial<P: Provider> {
  let samples: Samples<P>
  /// Fields that may be missing only where another says the same.
  let alternatives: Set<String>

  /// The first disagreement; nil where there is none.
  func disagreement() -> String? {
    for declaration in samples.declarations {
      guard let kind = samples.kinds.first(where: { $0.name == declaration.reference.kind }),
        case .map(let spec) = declaration.spec
      else { continue }
      for field in kind.schema.fields {
        if let found = disagreement(about: field, spec, declaration, kind) { return found }
      }
      if let found = unknown(spec, declaration, kind) { return found }
    }
    return nil
  }

  private func disagreement(
    about field: Schema.Field, _ spec: Value.Fields, _ declaration: Declaration,
    _ kind: Kind<P.Desired>
  ) -> String? {
    let what = "\(kind.name) \(field.name)"
    for value in accepted(field.type) {
      var changed = spec
      changed[field.name] = value
      if let error = refusal(variant(declaration, changed), kind, isFull: field.type.saysAll) {
        return "\(what): the schema accepts \(value.json), and the decoder says: \(error)"
      }
    }
    var without = spec
    without[field.name] = nil
    let bare = variant(declaration, without)
    if field.isRequired, kind.schema.diagnostics(for: bare).isEmpty {
      return "\(what) is required, and a spec without it is accepted"
    }
    if !field.isRequired, !alternatives.contains(field.name), let error = refusal(bare, kind) {
      return "\(what) is not required, and without it the decoder says: \(error)"
    }
    for value in forbidden(field.type) {
      var changed = spec
      changed[field.name] = value
      let diagnostics = kind.schema.diagnostics(for: variant(declaration, changed))
      if diagnostics.isEmpty || diagnostics.contains(where: { $0.place == nil }) {
        return "\(what): \(value.json) is not refused with its place"
      }
    }
    return nil
  }

  private func unknown(
    _ spec: Value.Fields, _ declaration: Declaration, _ kind: Kind<P.Desired>
  ) -> String? {
    var changed = spec
    changed["noSuchField"] = .boolean(true)
    return kind.schema.diagnostics(for: variant(declaration, changed)).isEmpty
      ? "\(kind.name) accepts a field that it does not have" : nil
  }

  /// What a decoder must never say about a value that the schema accepts.
  ///
  /// It may find a text impossible for a reason of its own; it may not want another type, or a
  /// field that need not be there. Where the schema says all (`isFull`) it may refuse nothing.
  private func refusal(
    _ declaration: Declaration, _ kind: Kind<P.Desired>, isFull: Bool = false
  ) -> String? {
    guard kind.schema.diagnostics(for: declaration).isEmpty else { return nil }
    do throws(Diagnostics) {
      _ = try kind.decode(declaration)
      return nil
    } catch {
      let wrong = error.all.first {
        isFull || $0.code == .wrongType || $0.code == .missingField
      }
      if let wrong { return wrong.message }
      return error.all.contains { $0.place == nil } ? "\(error) (without a place)" : nil
    }
  }

  private func variant(_ declaration: Declaration, _ spec: Value.Fields) -> Declaration {
    Declaration(declaration.reference, spec: .map(spec), at: declaration.place)
  }

  private func accepted(_ type: Schema.FieldType) -> [Value] {
    switch type {
    case .string: ["", "x", "ü\u{1F600}"]
    case .choice(let choices): choices.map(Value.string)
    case .integer(let range):
      [range.lowerBound, range.upperBound, range.clamp(0), range.clamp(1 << 40)].map(Value.integer)
    case .number: [.number(0.5), .integer(-1), .number(1e300)]
    case .boolean: [true, false]
    case .duration: ["0s", "1ms", "1h30m"]
    case .list(let element): [.list([]), .list(accepted(element))]
    case .map(let element):
      [.map(.init()), .map(.init(accepted(element).prefix(1).map { .init(key: "a", value: $0) }))]
    case .object, .any: []
    }
  }

  private func forbidden(_ type: Schema.FieldType) -> [Value] {
    switch type {
    case .string, .duration: [.list([]), .integer(420), .boolean(true)]
    case .choice: ["no such choice", .integer(1)]
    case .integer(let range):
      ["1", .boolean(true), .number(1.5)]
        + (range.upperBound < .max ? [.integer(range.upperBound + 1)] : [])
        + (range.lowerBound > .min ? [.integer(range.lowerBound - 1)] : [])
    case .number: ["1", .boolean(false)]
    case .boolean: ["yes", .integer(1)]
    case .list: ["x", .map(.init())]
    case .map, .object: ["x", .list([])]
    case .any: []
    }
  }
}

extension ClosedRange<Int64> {
  fileprivate func clamp(_ value: Int64) -> Int64 {
    Swift.min(Swift.max(value, lowerBound), upperBound)
  }
}

extension Schema.FieldType {
  /// Whether what it accepts needs no second look.
  fileprivate var saysAll: Bool {
    switch self {
    case .choice, .integer, .boolean: true
    default: false
    }
  }
}
