import Tend

/// All staged declarations, found by name.
struct Names: Sendable {
  let parts: [any StagedPart]
  let items: [Intake.Item]
  private(set) var index: NumberIndex
  /// What could not be decoded, by its names.
  private var undecoded: [String: Declaration] = [:]

  init(_ parts: [any StagedPart], _ items: [Intake.Item], _ index: NumberIndex) {
    self.parts = parts
    self.items = items
    self.index = index
  }

  func declaration(_ number: Int) -> Declaration {
    Self.declaration(number, parts, items)
  }

  private static func declaration(
    _ number: Int, _ parts: [any StagedPart], _ items: [Intake.Item]
  ) -> Declaration {
    parts[Int(items[number].controller)].declaration(Int(items[number].row))
  }

  /// Enters a number, or answers with the one that has its name already.
  mutating func enter(_ number: Int) -> Int? {
    let reference = declaration(number).reference
    if let first = self.number(of: reference) { return first }
    // Were all of this held there, each insertion would copy the index.
    index.insert(number, hash: reference.hashValue) { [parts, items] in
      Self.declaration($0, parts, items).reference.hashValue
    }
    return nil
  }

  /// Enters what could not be decoded, or answers with the place of what has its name already.
  mutating func enter(undecoded declaration: Declaration) -> Place? {
    let reference = declaration.reference
    let before =
      number(of: reference).map { self.declaration($0) } ?? undecoded[reference.qualified]
    undecoded[reference.description] = declaration
    undecoded[reference.qualified] = declaration
    return before?.place
  }

  /// Whether something of this name is declared, and only could not be decoded.
  func isUndecoded(_ text: String) -> Bool { undecoded[text] != nil }

  /// The declaration with this reference.
  func number(of reference: Reference) -> Int? {
    index.first(hash: reference.hashValue) { declaration($0).reference == reference }
  }

  /// Those that share kind and name with this one, whatever their groups.
  func namesakes(of reference: Reference) -> [Int] {
    index.all(hash: reference.hashValue) { number in
      let other = declaration(number).reference
      return other.name == reference.name && other.kind.kind == reference.kind.kind
    }
  }

  /// Those that a text such as `File/motd` or `files/v1/File/motd` may mean.
  func find(_ text: String) -> [Int] {
    var found: [Int] = []
    for slash in text.utf8.indices where text.utf8[slash] == UInt8(ascii: "/") {
      let kind = KindName(apiVersion: "", kind: String(text[..<slash]))
      let name = String(text[text.utf8.index(after: slash)...])
      found += namesakes(of: Reference(kind: kind, name: name))
    }
    if !found.isEmpty { return found.sorted() }
    let words = text.split(separator: "/")
    guard words.count > 2, let kind = words.dropLast().last, let name = words.last else {
      return []
    }
    let short = Reference(kind: KindName(apiVersion: "", kind: String(kind)), name: String(name))
    return namesakes(of: short).filter { declaration($0).reference.qualified == text }
  }

  func link(_ text: String) -> Links.Link {
    let found = find(text)
    guard let first = found.first else {
      return undecoded[text].map { .found($0.reference, nil) } ?? .missing
    }
    if found.count > 1 { return .ambiguous(found.map { declaration($0).reference.qualified }) }
    let item = items[first]
    return .found(
      declaration(first).reference, parts[Int(item.controller)].fingerprint(Int(item.row)))
  }

  /// All names, for a suggestion.
  var everyName: [String] {
    items.indices.filter { items[$0] != .vacant }.map { declaration($0).reference.description }
      .sorted()
  }
}
