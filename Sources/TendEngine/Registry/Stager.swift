import Synchronization
import Tend

/// Makes a revision's declarations into an `Intake`, or says all that is wrong with them.
///
/// It looks at nothing but the snapshot, so it answers the same on every machine. What is the same
/// as in `previous` is not decoded again, but everything is linked and ordered anew: `Restager`
/// does without that where it can.
struct Stager {
  let controllers: [any Controlling]
  let unit: Unit
  let snapshot: Snapshot
  let previous: Intake?

  func stage() throws(Diagnostics) -> Intake {
    var diagnostics: [Diagnostic] = []
    let parts = makeParts(&diagnostics)
    let routed = route(parts, &diagnostics)
    decode(routed, parts, &diagnostics)
    var names = Names(parts, Self.items(parts), NumberIndex(capacity: snapshot.declarations.count))
    enter(&names, &diagnostics)
    if !diagnostics.isEmpty { enter(undecoded(parts), &names, &diagnostics) }
    let asked = link(parts, names, &diagnostics)
    identify(names, &diagnostics)
    let renamed = FormerNames(names).find(&diagnostics)
    let edges = edges(names, asked.all, &diagnostics)
    guard diagnostics.isEmpty else { throw Diagnostics(diagnostics).sorted }
    return try order(names, routed, edges, asked, renamed)
  }

  /// What is wrong with each spec by itself.
  func specDiagnostics() -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    let parts = makeParts(&diagnostics)
    let routed = route(parts, &diagnostics)
    for (part, declarations) in zip(parts, routed.declarations) {
      diagnostics += part.decode(declarations, reusing: nil)
    }
    return diagnostics
  }

  /// The identities of all that can be decoded, with their controllers, and whether that is all.
  func readable() -> (claims: [(controller: Int, identity: String)], isWhole: Bool) {
    var diagnostics: [Diagnostic] = []
    let parts = makeParts(&diagnostics)
    decode(route(parts, &diagnostics), parts, &diagnostics)
    let claims = parts.enumerated().flatMap { index, part in
      (0..<part.count).map { (controller: index, identity: part.identity($0)) }
    }
    return (claims, diagnostics.isEmpty)
  }

  /// What is declared and could not be decoded, in the order of the snapshot: it has a name all the
  /// same.
  private func undecoded(_ parts: [any StagedPart]) -> [Declaration] {
    let known = Set(parts.flatMap(\.kindNames) + controllers.flatMap { $0.definitions.map(\.name) })
    let unknown = snapshot.declarations.filter { !known.contains($0.reference.kind) }
    return (parts.flatMap(\.undecoded) + unknown).sorted { $0.place < $1.place }
  }

  private func makeParts(_ diagnostics: inout [Diagnostic]) -> [any StagedPart] {
    let premises = snapshot.premises(of: unit)
    return controllers.map { controller in
      let names = Set(controller.definitions.map(\.name))
      let definitions =
        names.isEmpty
        ? [] : snapshot.declarations.filter { names.contains($0.reference.kind) }
      let (part, problems) = controller.stage(
        definitions: definitions, premises: premises)
      diagnostics += problems
      return part
    }
  }

  // MARK: Who serves what

  /// The declarations of each controller, and which documents they are.
  private struct Routed {
    var declarations: [[Declaration]]
    var documents: [[Int32]]
  }

  private func route(_ parts: [any StagedPart], _ diagnostics: inout [Diagnostic]) -> Routed {
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
    var routed = Routed(
      declarations: Array(repeating: [], count: parts.count),
      documents: Array(repeating: [], count: parts.count))
    for (document, declaration) in snapshot.declarations.enumerated() {
      let kind = declaration.reference.kind
      if let owner = owners[kind] {
        routed.declarations[owner].append(declaration)
        routed.documents[owner].append(Int32(document))
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

  private func decode(
    _ routed: Routed, _ parts: [any StagedPart], _ diagnostics: inout [Diagnostic]
  ) {
    let before = previous.map {
      Alignment(from: $0.snapshot.declarations, to: snapshot.declarations).before
    }
    for (index, part) in parts.enumerated() {
      var reusing: (part: any StagedPart, rows: [Int32])?
      if let previous, let before {
        let rows = routed.documents[index].map { document -> Int32 in
          let earlier = before[Int(document)]
          let number = earlier < 0 ? -1 : previous.numbering.documents[Int(earlier)]
          guard number >= 0, previous.item(number).controller == Int32(index) else { return -1 }
          return previous.item(number).row
        }
        reusing = (previous.parts[index], rows)
      }
      diagnostics += part.decode(routed.declarations[index], reusing: reusing)
    }
  }

  // MARK: Names, links and edges

  private static func items(_ parts: [any StagedPart]) -> [Intake.Item] {
    parts.enumerated().flatMap { controller, part in
      (0..<part.count).map { Intake.Item(controller: Int32(controller), row: Int32($0)) }
    }
  }

  private func enter(_ names: inout Names, _ diagnostics: inout [Diagnostic]) {
    for number in names.items.indices {
      guard let first = names.enter(number) else { continue }
      let declaration = names.declaration(number)
      diagnostics.append(Self.twice(declaration, names.declaration(first).place))
    }
  }

  private func enter(
    _ undecoded: [Declaration], _ names: inout Names, _ diagnostics: inout [Diagnostic]
  ) {
    for declaration in undecoded {
      if let first = names.enter(undecoded: declaration) {
        diagnostics.append(Self.twice(declaration, first))
      }
    }
  }

  private static func twice(_ declaration: Declaration, _ first: Place) -> Diagnostic {
    twice(
      .duplicateName, "\(declaration.reference) is declared twice", first, declaration.place)
  }

  private func identify(_ names: Names, _ diagnostics: inout [Diagnostic]) {
    for part in names.parts {
      for (row, first) in part.identify() {
        let (declaration, other) = (part.declaration(row), part.declaration(first))
        if declaration.reference == other.reference { continue }
        let message =
          "\(declaration.reference) and \(other.reference) both claim \(part.identity(row))"
        diagnostics.append(
          Self.twice(.duplicateIdentity, message, other.place, declaration.place))
      }
    }
  }

  private static func twice(
    _ code: Diagnostic.Code, _ message: String, _ one: Place, _ other: Place
  ) -> Diagnostic {
    let (place, second) = (min(one, other), max(one, other))
    return Diagnostic(
      code, at: second, "\(message); the other stands at \(place)", remedy: "keep one of them",
      related: [place])
  }

  private func link(
    _ parts: [any StagedPart], _ names: Names, _ diagnostics: inout [Diagnostic]
  ) -> Asked {
    let asked = Asked()
    for (index, part) in parts.enumerated() {
      diagnostics += part.link(asked.links(names, for: index), Array(0..<part.count))
    }
    return asked
  }

  private func edges(
    _ names: Names, _ asked: [Reference: [Links.Link]], _ diagnostics: inout [Diagnostic]
  ) -> Graph {
    let resolver = EdgeResolver(names: names, numbers: Self.numbers(names.parts), asked: asked)
    var starts: [Int32] = [0]
    var targets: [Int32] = []
    starts.reserveCapacity(names.items.count + 1)
    targets.reserveCapacity(names.items.count)
    for number in names.items.indices {
      targets += resolver.edges(of: number, &diagnostics)
      starts.append(Int32(targets.count))
    }
    return Graph(starts: starts, targets: targets)
  }

  private static func numbers(_ parts: [any StagedPart]) -> [[Int32]] {
    var next: Int32 = 0
    return parts.map { part in
      defer { next += Int32(part.count) }
      return (0..<Int32(part.count)).map { next + $0 }
    }
  }

  // MARK: The order

  private func order(
    _ names: Names, _ routed: Routed, _ graph: Graph, _ asked: Asked,
    _ renamed: [Intake.Renamed]
  ) throws(Diagnostics) -> Intake {
    switch graph.order() {
    case .cycle(let cycle):
      throw Diagnostics([Self.diagnostic(cycle.map { names.declaration(Int($0)) })])
    case .ordered(let order):
      let asks = asked.all
      let isFresh = names.items.map { item in
        let part = names.parts[Int(item.controller)]
        if !part.isReused(Int(item.row)) { return true }
        if asks.isEmpty, previous?.asked.isEmpty == true { return false }
        let reference = part.declaration(Int(item.row)).reference
        return previous?.asked[reference] != asks[reference]
      }
      let wiring = Wiring(
        sequence: (0..<Int32(names.items.count)).map { $0 }, graph: graph, order: order)
      return Intake(
        unit: unit, snapshot: snapshot, parts: names.parts,
        numbering: numbering(names, routed), index: names.index, wiring: wiring, asked: asks,
        askers: asked.askers, renamed: renamed,
        delta: Intake.Delta(isFresh: isFresh, touched: order))
    }
  }

  private func numbering(_ names: Names, _ routed: Routed) -> Intake.Numbering {
    var documents = [Int32](repeating: -1, count: snapshot.declarations.count)
    let numbers = Self.numbers(names.parts)
    for (numbers, own) in zip(numbers, routed.documents) {
      for (number, document) in zip(numbers, own) { documents[Int(document)] = number }
    }
    return Intake.Numbering(items: names.items, numbers: numbers, documents: documents)
  }

  private static func diagnostic(_ cycle: [Declaration]) -> Diagnostic {
    let names = cycle.map { "\($0.reference)" }.joined(separator: " -> ")
    return Diagnostic(
      .cycle, at: cycle.first?.place, "dependencies go round in a circle: \(names)",
      remedy: "take one of them away", related: cycle.dropFirst().dropLast().map(\.place))
  }
}
