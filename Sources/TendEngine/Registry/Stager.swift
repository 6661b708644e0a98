import Synchronization
import Tend

/// Makes a revision's declarations into an `Intake`, or says all that is wrong with them.
///
/// It looks at nothing but the snapshot, so it answers the same on every machine.
struct Stager {
  let controllers: [any Controlling]
  let unit: Unit
  let snapshot: Snapshot
  let previous: Intake?

  func stage() throws(Diagnostics) -> Intake {
    var diagnostics: [Diagnostic] = []
    let parts = makeParts(&diagnostics)
    let routed = route(parts, &diagnostics)
    for (index, part) in parts.enumerated() {
      let earlier = previous.map { $0.parts[index] }
      diagnostics += part.decode(routed[index], tree: snapshot.tree, reusing: earlier)
    }
    let names = Names(parts, besides: diagnostics.isEmpty ? [] : undecoded(parts))
    diagnostics += names.duplicates
    let asked = link(parts, names, &diagnostics)
    let edges = Edges(parts, names, asked, &diagnostics)
    guard diagnostics.isEmpty else { throw Diagnostics(diagnostics).sorted }
    return try order(parts, names, edges, asked)
  }

  /// What is wrong with each spec by itself.
  func specDiagnostics() -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    let parts = makeParts(&diagnostics)
    let routed = route(parts, &diagnostics)
    for (index, part) in parts.enumerated() {
      diagnostics += part.decode(routed[index], tree: snapshot.tree, reusing: nil)
    }
    return diagnostics
  }

  /// What is declared and could not be decoded, in the order of the snapshot: it has a name all the
  /// same.
  private func undecoded(_ parts: [any StagedPart]) -> [Declaration] {
    let known = Set(parts.flatMap(\.kindNames) + controllers.flatMap { $0.definitions.map(\.name) })
    let unknown = snapshot.declarations.filter { !known.contains($0.reference.kind) }
    return (parts.flatMap(\.undecoded) + unknown).sorted { $0.place < $1.place }
  }

  private func makeParts(_ diagnostics: inout [Diagnostic]) -> [any StagedPart] {
    controllers.map { controller in
      let names = Set(controller.definitions.map(\.name))
      let definitions =
        names.isEmpty
        ? [] : snapshot.declarations.filter { names.contains($0.reference.kind) }
      let (part, problems) = controller.stage(definitions: definitions, tree: snapshot.tree)
      diagnostics += problems
      return part
    }
  }

  private func route(
    _ parts: [any StagedPart], _ diagnostics: inout [Diagnostic]
  ) -> [[Declaration]] {
    var owners: [KindName: Int] = [:]
    for (index, part) in parts.enumerated() {
      for name in part.kindNames {
        if let owner = owners.updateValue(index, forKey: name), owner != index {
          diagnostics.append(
            Diagnostic(
              .unknownKind, at: nil,
              "\(name) is served by \(controllers[owner].name) and \(controllers[index].name)",
              remedy: "give one of the kinds another name"))
        }
      }
    }
    let definitions = Set(controllers.flatMap { $0.definitions.map(\.name) })
    var routed = [[Declaration]](repeating: [], count: parts.count)
    for declaration in snapshot.declarations {
      let kind = declaration.reference.kind
      if let owner = owners[kind] {
        routed[owner].append(declaration)
      } else if !definitions.contains(kind) {
        diagnostics.append(unknown(declaration, owners.keys.sorted() + definitions.sorted()))
      }
    }
    return routed
  }

  private func unknown(_ declaration: Declaration, _ names: [KindName]) -> Diagnostic {
    let kind = declaration.reference.kind
    let sameKind = names.first { $0.kind == kind.kind }
    let guess =
      sameKind?.description ?? nearest(to: kind.description, among: names.map(\.description))
    let listed = names.map(\.description).joined(separator: ", ")
    return Diagnostic(
      .unknownKind, at: declaration.place(outsideSpec: "kind"), "\(kind) is no kind that is known",
      remedy: guess.map { "did you mean \($0)?" } ?? "the kinds are \(listed)")
  }

  private func link(
    _ parts: [any StagedPart], _ names: Names, _ diagnostics: inout [Diagnostic]
  ) -> [Reference: [Links.Link]] {
    let asked = Asked()
    let links = Links { text, asker in
      let link = names.link(text)
      asked.record(link, by: asker)
      return link
    }
    for part in parts { diagnostics += part.link(links) }
    return asked.all
  }

  private func order(
    _ parts: [any StagedPart], _ names: Names, _ edges: Edges,
    _ asked: [Reference: [Links.Link]]
  ) throws(Diagnostics) -> Intake {
    switch Graph(edges.dependencies).order() {
    case .cycle(let cycle):
      throw Diagnostics([Self.diagnostic(cycle.map { names.declaration($0) })])
    case .ordered(let order):
      var position = [Int](repeating: 0, count: order.count)
      for (new, old) in order.enumerated() { position[old] = new }
      let items = order.map { old in
        let (controller, index) = names.all[old]
        let reference = names.declaration(old).reference
        return Intake.Item(
          controller: controller, index: index,
          dependencies: edges.dependencies[old].map { position[$0] },
          isUnchanged: parts[controller].isReused(index)
            && previous?.asked[reference] == asked[reference])
      }
      return Intake(unit: unit, snapshot: snapshot, parts: parts, items: items, asked: asked)
    }
  }

  private static func diagnostic(_ cycle: [Declaration]) -> Diagnostic {
    let names = cycle.map { "\($0.reference)" }.joined(separator: " -> ")
    return Diagnostic(
      .cycle, at: cycle.first?.place, "dependencies go round in a circle: \(names)",
      remedy: "take one of them away", related: cycle.dropFirst().dropLast().map(\.place))
  }
}

/// What linking asked for, in the order of the questions.
private final class Asked: Sendable {
  private let links = Mutex<[Reference: [Links.Link]]>([:])

  func record(_ link: Links.Link, by asker: Reference) {
    links.withLock { $0[asker, default: []].append(link) }
  }

  var all: [Reference: [Links.Link]] { links.withLock { $0 } }
}

/// All staged declarations under one numbering, found by name and by identity.
struct Names: Sendable {
  let parts: [any StagedPart]
  /// Controller and index in its part.
  let all: [(controller: Int, index: Int)]
  private(set) var duplicates: [Diagnostic] = []
  private var byName: [String: [Int]] = [:]
  /// By controller, then identity.
  private var byIdentity: [[String: Int]]
  /// Names of what could not be decoded.
  private var undecoded: [String: Reference] = [:]

  init(_ parts: [any StagedPart], besides undecoded: [Declaration] = []) {
    self.parts = parts
    all = parts.enumerated().flatMap { controller, part in
      (0..<part.count).map { (controller, $0) }
    }
    byIdentity = Array(repeating: [:], count: parts.count)
    byName.reserveCapacity(all.count)
    var references: [Reference: Int] = [:]
    references.reserveCapacity(all.count)
    for (position, (controller, index)) in all.enumerated() {
      let declaration = parts[controller].declaration(index)
      let reference = declaration.reference
      byName[reference.description, default: []].append(position)
      if let first = references.updateValue(position, forKey: reference) {
        duplicates.append(
          twice(.duplicateName, "\(reference) is declared twice", first, declaration))
        continue
      }
      let identity = parts[controller].identity(index)
      if let first = byIdentity[controller].updateValue(position, forKey: identity) {
        let other = self.declaration(first).reference
        duplicates.append(
          twice(
            .duplicateIdentity, "\(reference) and \(other) both claim \(identity)", first,
            declaration))
      }
    }
    var places = references.mapValues { declaration($0).place }
    for declaration in undecoded { add(declaration, &places) }
  }

  private mutating func add(_ undecoded: Declaration, _ places: inout [Reference: Place]) {
    let reference = undecoded.reference
    self.undecoded[reference.description] = reference
    self.undecoded[reference.qualified] = reference
    guard let first = places.updateValue(undecoded.place, forKey: reference) else { return }
    duplicates.append(
      Self.twice(.duplicateName, "\(reference) is declared twice", first, undecoded.place))
  }

  private func twice(
    _ code: Diagnostic.Code, _ message: String, _ first: Int, _ second: Declaration
  ) -> Diagnostic {
    Self.twice(code, message, declaration(first).place, second.place)
  }

  private static func twice(
    _ code: Diagnostic.Code, _ message: String, _ one: Place, _ other: Place
  ) -> Diagnostic {
    let (place, second) = (min(one, other), max(one, other))
    return Diagnostic(
      code, at: second, "\(message); the other stands at \(place)",
      remedy: "keep one of them", related: [place])
  }

  func declaration(_ position: Int) -> Declaration {
    parts[all[position].controller].declaration(all[position].index)
  }

  func position(of identity: String, controller: Int) -> Int? { byIdentity[controller][identity] }

  /// Those that a text such as `File/motd` or `files/v1/File/motd` may mean.
  func find(_ text: String) -> [Int] {
    if let found = byName[text] { return found }
    let parts = text.split(separator: "/")
    guard parts.count > 2 else { return [] }
    let short = parts.suffix(2).joined(separator: "/")
    return (byName[short] ?? []).filter { declaration($0).reference.qualified == text }
  }

  func link(_ text: String) -> Links.Link {
    let found = find(text)
    guard let first = found.first else {
      return undecoded[text].map { .found($0, nil) } ?? .missing
    }
    if found.count > 1 { return .ambiguous(found.map { declaration($0).reference.qualified }) }
    let (controller, index) = all[first]
    return .found(declaration(first).reference, parts[controller].fingerprint(index))
  }

  /// Whether something of this name is declared, and only could not be decoded.
  func isUndecoded(_ text: String) -> Bool { undecoded[text] != nil }

  /// All names, for a suggestion.
  var everyName: [String] { byName.keys.sorted() }
}

/// Who depends on whom, by the numbering of `Names`.
private struct Edges {
  private(set) var dependencies: [[Int]] = []

  init(
    _ parts: [any StagedPart], _ names: Names, _ asked: [Reference: [Links.Link]],
    _ diagnostics: inout [Diagnostic]
  ) {
    dependencies.reserveCapacity(names.all.count)
    for (position, (controller, index)) in names.all.enumerated() {
      let declaration = names.declaration(position)
      var edges: [Int] = []
      for (number, text) in declaration.dependencies.enumerated() {
        Self.resolve(text, number, declaration, names, &edges, &diagnostics)
      }
      for case .found(let reference, _) in asked[declaration.reference] ?? [] {
        edges += names.find(reference.qualified)
      }
      for identity in parts[controller].prerequisites(index) {
        if let found = names.position(of: identity, controller: controller) { edges.append(found) }
      }
      dependencies.append(Self.unique(edges))
    }
  }

  private static func resolve(
    _ text: String, _ number: Int, _ declaration: Declaration, _ names: Names,
    _ edges: inout [Int], _ diagnostics: inout [Diagnostic]
  ) {
    let found = names.find(text)
    if found.count == 1 { return edges += found }
    if found.isEmpty, names.isUndecoded(text) { return }
    let place = declaration.place(outsideSpec: "dependsOn[\(number)]")
    if found.isEmpty {
      diagnostics.append(
        Diagnostic(
          .reference, at: place,
          "\(declaration.reference) depends on \(text), which is not declared",
          remedy: nearest(to: text, among: names.everyName).map { "did you mean \($0)?" }
            ?? "declare it, or take the dependency away"))
    } else {
      let choices = found.map { names.declaration($0).reference.qualified }.sorted()
      diagnostics.append(
        Diagnostic(
          .reference, at: place, "\(text) may mean \(choices.joined(separator: " or "))",
          remedy: "write it with its group and version"))
    }
  }

  private static func unique(_ edges: [Int]) -> [Int] {
    if edges.count < 2 { return edges }
    var seen: Set<Int> = []
    return edges.filter { seen.insert($0).inserted }
  }
}
