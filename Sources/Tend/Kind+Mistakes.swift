extension Kind {
  /// All that is wrong with a declaration's spec; empty where the schema accepts it.
  ///
  /// What the schema refuses is not decoded as it is, but the rest still is: with values that stand
  /// in for what is wrong. What is then wrong too, whichever values they are, is the declaration's
  /// own mistake.
  package func mistakes(in declaration: Declaration) -> [Diagnostic] {
    let violations = schema.violations(in: declaration.spec)
    if violations.isEmpty { return [] }
    let mistakes = schema.diagnostics(of: violations, in: declaration)
    // Where there are more than are listed, what stands in could not be told from what is written.
    guard !violations.contains(where: { $0.path.steps.isEmpty }) else { return mistakes }
    let least = remaining(declaration, violations, .least)
    if least.isEmpty { return mistakes }
    let greatest = Set(remaining(declaration, violations, .greatest))
    return mistakes + least.filter { greatest.contains($0) && !mistakes.contains($0) }
  }

  private func remaining(
    _ declaration: Declaration, _ violations: [SchemaViolation], _ choice: Mending.Choice
  ) -> [Diagnostic] {
    var mending = Mending(choice)
    let spec = mending.object(declaration.spec, schema.fields, FieldPath([]))
    let marks = mending.marks.union(violations.map(\.path))
    let mended = declaration.replacing(spec: spec) { MarkedPlaces(places: $0, marks: marks) }
    do throws(Diagnostics) {
      _ = try decode(mended)
      return []
    } catch {
      return error.all.filter { $0.place != MarkedPlaces.mark }
    }
  }
}

/// Makes a spec that a schema accepts of one that it does not.
private struct Mending {
  /// Which value stands in for one that is wrong.
  enum Choice {
    case least, greatest
  }

  private let choice: Choice
  /// Fields that are not as they were written, besides those that violate the schema.
  private(set) var marks: Set<FieldPath> = []

  init(_ choice: Choice) {
    self.choice = choice
  }

  mutating func object(_ value: Value, _ fields: [Schema.Field], _ path: FieldPath) -> Value {
    guard case .map(let map) = value else { return object(.map(.init()), fields, path) }
    var mended = Value.Fields()
    for entry in map.entries {
      guard let field = fields.first(where: { $0.name == entry.key }) else { continue }
      if entry.value == .null, !field.isRequired { continue }
      mended[entry.key] = self.value(entry.value, field.type, path.appending(.key(entry.key)))
    }
    for entry in map.entries where !fields.contains(where: { $0.name == entry.key }) {
      meant(by: entry.key, fields, &mended, path)
    }
    for field in fields where field.isRequired && mended[field.name] == nil {
      mended[field.name] = standIn(field.type)
    }
    return .map(mended)
  }

  /// A misspelt field was meant to be there.
  private mutating func meant(
    by key: String, _ fields: [Schema.Field], _ mended: inout Value.Fields, _ path: FieldPath
  ) {
    guard let name = nearest(to: key, among: fields.map(\.name)), mended[name] == nil,
      let field = fields.first(where: { $0.name == name })
    else { return }
    mended[name] = standIn(field.type)
    marks.insert(path.appending(.key(name)))
  }

  private mutating func value(
    _ value: Value, _ type: Schema.FieldType, _ path: FieldPath
  ) -> Value {
    switch (type, value) {
    case (.object(let fields), .map): return object(value, fields, path)
    case (.list(let type), .list(let values)):
      return .list(
        values.enumerated().map { self.value($1, type, path.appending(.index($0))) })
    case (.map(let type), .map(let map)):
      return .map(
        .init(
          map.entries.map { entry in
            .init(
              key: entry.key, value: self.value(entry.value, type, path.appending(.key(entry.key))))
          }))
    default: return type.accepts(value) ? value : standIn(type)
    }
  }

  private mutating func standIn(_ type: Schema.FieldType) -> Value {
    switch (type, choice) {
    case (.string, .least): ""
    case (.string, .greatest): "x"
    case (.choice(let choices), .least): .string(choices.first ?? "")
    case (.choice(let choices), .greatest): .string(choices.last ?? "")
    case (.integer(let range), .least): .integer(range.lowerBound)
    case (.integer(let range), .greatest): .integer(range.upperBound)
    case (.number, .least): .number(-.greatestFiniteMagnitude)
    case (.number, .greatest): .number(.greatestFiniteMagnitude)
    case (.boolean, .least): false
    case (.boolean, .greatest): true
    case (.duration, .least): "1ms"
    case (.duration, .greatest): "8760h"
    case (.list, _): []
    case (.map, _): [:]
    case (.object(let fields), _): object(.map(.init()), fields, FieldPath([]))
    case (.any, _): .null
    }
  }
}

/// Places in which a value that stands in is told from one that was written.
private struct MarkedPlaces: PlaceFinder {
  /// No text has such a place.
  static let mark = Place(file: "", line: 0, column: 0)

  let places: (any PlaceFinder)?
  /// From the top of the spec.
  let marks: Set<FieldPath>

  func place(of path: FieldPath) -> Place? {
    isMarked(path) ? Self.mark : places?.place(of: path)
  }

  func place(ofKey path: FieldPath) -> Place? {
    isMarked(path) ? Self.mark : places?.place(ofKey: path)
  }

  /// Whether the field or one above it is marked.
  private func isMarked(_ path: FieldPath) -> Bool {
    guard path.steps.first == .key("spec") else { return false }
    var steps = Array(path.steps.dropFirst())
    while !steps.isEmpty {
      if marks.contains(FieldPath(steps)) { return true }
      steps.removeLast()
    }
    return false
  }
}
