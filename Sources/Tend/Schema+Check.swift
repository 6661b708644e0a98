/// One way in which a value does not fit a schema.
public struct SchemaViolation: Sendable, Hashable {
  /// What sort of mistake.
  public let code: Diagnostic.Code
  /// The field, from the top of the spec.
  public let path: FieldPath
  /// What is wrong.
  ///
  /// It quotes no value, since any may be a secret.
  public let message: String
  /// What to do about it.
  public let remedy: String?
}

extension Schema {
  /// All the ways in which a spec does not fit, in the order of the spec; empty where it fits.
  ///
  /// `subject` is what messages call the whole value. After a thousand the last one says that there
  /// are more.
  public func violations(in spec: Value, subject: String = "spec") -> [SchemaViolation] {
    var check = Check(subject: subject)
    check.object(spec, fields, nil)
    return check.violations
  }

  /// The violations of a declaration's spec, with their places.
  public func diagnostics(for declaration: Declaration) -> [Diagnostic] {
    diagnostics(of: violations(in: declaration.spec), in: declaration)
  }

  func diagnostics(
    of violations: [SchemaViolation], in declaration: Declaration
  ) -> [Diagnostic] {
    violations.map { violation in
      Diagnostic(
        violation.code,
        at: violation.code == .unknownField
          ? declaration.place(ofKey: violation.path) : declaration.place(of: violation.path),
        violation.message, remedy: violation.remedy)
    }
  }
}

/// Where the check stands; a list of steps that costs nothing until something is wrong.
private final class Trail {
  let step: FieldPath.Step
  let above: Trail?

  init(_ step: FieldPath.Step, _ above: Trail?) {
    self.step = step
    self.above = above
  }
}

private struct Check {
  private static let limit = 1000

  let subject: String
  var violations: [SchemaViolation] = []

  private mutating func report(
    _ code: Diagnostic.Code, _ trail: Trail?, _ message: String, remedy: String? = nil
  ) {
    guard violations.count < Self.limit else { return reportMore() }
    var steps: [FieldPath.Step] = []
    var next = trail
    while let trail = next {
      steps.append(trail.step)
      next = trail.above
    }
    let path = FieldPath(steps.reversed())
    let subject = path.steps.isEmpty ? subject : path.description
    violations.append(
      SchemaViolation(code: code, path: path, message: "\(subject) \(message)", remedy: remedy))
  }

  /// The same mistake may stand in each of a hundred thousand fields.
  private mutating func reportMore() {
    guard violations.count == Self.limit else { return }
    violations.append(
      SchemaViolation(
        code: .limit, path: FieldPath([]), message: "\(subject) has more mistakes than these",
        remedy: "correct them first"))
  }

  mutating func object(_ value: Value, _ fields: [Schema.Field], _ trail: Trail?) {
    guard case .map(let map) = value else {
      if case .null = value { return missing(in: .init(), fields, trail) }
      return report(.wrongType, trail, "must be a map, but is \(value.kindDescription)")
    }
    var known = 0
    for index in map.entries.indices {
      guard let field = Self.find(map.entries, index, fields) else {
        unknown(map.entries[index].key, fields, trail)
        continue
      }
      known += 1
      if field.fits { continue }
      let entry = map.entries[index]
      checkRest(
        entry.value, fields[field.index].type, fields[field.index], .init(.key(entry.key), trail))
    }
    if known < fields.count { missing(in: map, fields, trail) }
  }

  /// The field of an entry, and whether the entry's value fits it for sure.
  ///
  /// In place: copies of fields and entries would retain all their parts, for each document.
  private static func find(
    _ entries: [Value.Fields.Entry], _ entry: Int, _ fields: [Schema.Field]
  ) -> (index: Int, fits: Bool)? {
    entries.withUnsafeBufferPointer { entries in
      fields.withUnsafeBufferPointer { fields in
        for index in fields.indices where fields[index].name == entries[entry].key {
          if case .null = entries[entry].value, !fields[index].isRequired { return (index, true) }
          return (index, fits(entries[entry].value, fields[index].type))
        }
        return nil
      }
    }
  }

  private mutating func unknown(_ key: String, _ fields: [Schema.Field], _ trail: Trail?) {
    let nearest = nearest(to: key, among: fields.map(\.name))
    let names = fields.map(\.name).joined(separator: ", ")
    report(
      .unknownField, Trail(.key(key), trail), "is not a field here",
      remedy: nearest.map { "did you mean \($0)?" } ?? "the fields are \(names)")
  }

  private mutating func missing(in map: Value.Fields, _ fields: [Schema.Field], _ trail: Trail?) {
    for index in fields.indices where fields[index].isRequired {
      let field = fields[index]
      if map.entries.contains(where: { $0.key == field.name }) { continue }
      report(
        .missingField, Trail(.key(field.name), trail), "is missing",
        remedy: "add it: \(field.summary)")
    }
  }

  /// Whether a value fits for sure, without a look at what lies below it.
  fileprivate static func fits(_ value: Value, _ type: Schema.FieldType) -> Bool {
    switch (type, value) {
    case (.string, .string), (.boolean, .boolean), (.number, .number), (.number, .integer),
      (.any, _):
      true
    case (.integer(let range), .integer(let number)): range.contains(number)
    case (.choice(let choices), .string(let text)): choices.contains(text)
    case (.duration, .string(let text)): Duration(text) != nil
    case (.list(let type), .list(let values)):
      values.allSatisfy { if case .object = type { false } else { fits($0, type) } }
    case (.map(let type), .map(let map)):
      map.entries.allSatisfy { if case .object = type { false } else { fits($0.value, type) } }
    default: false
    }
  }

  private mutating func checkRest(
    _ value: Value, _ type: Schema.FieldType, _ field: Schema.Field, _ trail: Trail
  ) {
    switch (type, value) {
    case (.choice(let choices), .string(let text)):
      let listed = choices.joined(separator: ", ")
      report(
        .invalidValue, trail, "must be one of \(listed)",
        remedy: nearest(to: text, among: choices).map { "did you mean \($0)?" })
    case (.integer(let range), .integer):
      report(.invalidValue, trail, "must be \(range.inWords)")
    case (.duration, .string):
      report(
        .invalidValue, trail, "must be a duration", remedy: "write it like 500ms, 30s or 1h30m")
    case (.list(let type), .list(let values)):
      for (index, value) in values.enumerated() {
        element(value, type, field, Trail(.index(index), trail))
      }
    case (.map(let type), .map(let map)):
      for entry in map.entries {
        element(entry.value, type, field, Trail(.key(entry.key), trail))
      }
    case (.object(let fields), _): object(value, fields, trail)
    default: wrongType(value, type, field, trail)
    }
  }

  private mutating func element(
    _ value: Value, _ type: Schema.FieldType, _ field: Schema.Field, _ trail: Trail
  ) {
    if !Self.fits(value, type) { checkRest(value, type, field, trail) }
  }

  private mutating func wrongType(
    _ value: Value, _ type: Schema.FieldType, _ field: Schema.Field, _ trail: Trail
  ) {
    var remedy = field.hint
    if remedy == nil {
      switch (type, value) {
      case (.string, .integer), (.string, .number), (.string, .boolean), (.choice, .boolean):
        remedy = "put it in quotes"
      case (.duration, .integer): remedy = "write it with a unit, like 30s"
      case (.boolean, .string): remedy = "write true or false, without quotes"
      case (_, .null): remedy = "give it a value, or leave the field out"
      default: break
      }
    }
    let expected = "\(type.article) \(type.description)"
    report(
      .wrongType, trail, "must be \(expected), but is \(value.kindDescription)", remedy: remedy)
  }
}

extension ClosedRange<Int64> {
  fileprivate var inWords: String {
    switch (lowerBound, upperBound) {
    case (let lower, .max): "at least \(lower)"
    case (.min, let upper): "at most \(upper)"
    case (let lower, let upper): "between \(lower) and \(upper)"
    }
  }
}

extension Schema.FieldType {
  /// Whether a value fits for sure, without a look at the fields below it.
  func accepts(_ value: Value) -> Bool { Check.fits(value, self) }

  fileprivate var article: String {
    switch self {
    case .choice: "one of"
    case .integer: "an"
    default: "a"
    }
  }
}

/// The name that was probably meant, by edit distance; nil where none is near.
///
/// For the remedy of an error: `did you mean …?`.
public func nearest(to name: String, among names: [String]) -> String? {
  let lowered = name.lowercased()
  let limit = max(1, name.count / 3)
  var best: (name: String, distance: Int)?
  for candidate in names {
    let distance = editDistance(lowered, candidate.lowercased(), limit: limit)
    if distance <= limit, distance < (best?.distance ?? .max) { best = (candidate, distance) }
  }
  return best?.name
}

/// Inserted, missing, changed and exchanged letters, in three rows of the usual table.
private func editDistance(_ left: String, _ right: String, limit: Int) -> Int {
  let left = Array(left.utf8.prefix(64))
  let right = Array(right.utf8.prefix(64))
  if abs(left.count - right.count) > limit { return .max }
  var before: [Int] = []
  var above = Array(0...right.count)
  for (i, byte) in left.enumerated() {
    var row = [i + 1]
    for (j, other) in right.enumerated() {
      var best = min(above[j] + (byte == other ? 0 : 1), above[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, byte == right[j - 1], left[i - 1] == other {
        best = min(best, before[j - 1] + 1)
      }
      row.append(best)
    }
    (before, above) = (above, row)
  }
  return above[right.count]
}
