import Tend
import Testing

@testable import TendEngine

@Suite("A revision that is staged on top of another", .timeLimit(.minutes(2)))
struct RestagerTests {
  @Test("comes out as if it were staged from scratch, after any edits", arguments: 0..<40)
  func random(seed: UInt64) throws {
    var edits = RandomEdits(seed: seed)
    let bench = try RestagerBench()
    var basis = try bench.stage(edits.declared, on: nil)
    var restaged = 0
    for round in 0..<60 {
      edits.step()
      guard let whole = try? bench.stage(edits.declared, on: basis) else {
        #expect(bench.restage(edits.declared, on: basis) == nil, "round \(round): it is invalid")
        edits.undo()
        continue
      }
      let next = bench.restage(edits.declared, on: basis)
      if let next {
        restaged += 1
        #expect(Picture(next) == Picture(whole), "round \(round)")
        #expect(next.delta.isSound(next, basis), "round \(round)")
      }
      basis = next ?? whole
    }
    #expect(restaged > 20, "most edits need no more")
  }

  @Test(
    "shares what did not change, whatever did",
    arguments: [
      Edit("nothing", fresh: []) { $0 },
      Edit("a content", fresh: ["Item/a/1"]) { $0.replacing(1, by: item("a/1", content: "new")) },
      Edit("a place in the file", fresh: ["Item/a/1"]) {
        $0.replacing(1, by: item("a/1", line: 9))
      },
      Edit("the order of documents", fresh: []) { Array($0.reversed()) },
      Edit("a prerequisite that goes", fresh: [], rewired: ["Item/b/1"]) {
        $0.filter { $0.reference.name != "b" }
      },
      Edit("a rename at one identity", fresh: ["Item/new", "Item/c"]) {
        $0.replacing(5, by: item("d", name: "new")).replacing(4, by: item("c"))
      },
      Edit("a box under another name", fresh: ["Box/new"], rewired: ["Item/a/1"]) {
        $0.replacing(0, by: box("a", name: "new"))
      },
      Edit("an identity that moves", fresh: ["Item/d"], rewired: ["Item/c"]) {
        $0.replacing(5, by: item("elsewhere", name: "d"))
      },
      Edit("a box that moves", fresh: ["Box/a"], rewired: ["Item/a/1"]) {
        $0.replacing(0, by: box("z", name: "a"))
      },
      Edit("a declaration more", fresh: ["Item/a/2"]) { $0 + [item("a/2")] },
      Edit("one less and one more", fresh: ["Item/a/2"]) {
        Array($0.replacing(1, by: item("a/2")))
      },
      Edit("a dependency that goes", fresh: ["Item/c"]) { $0.replacing(4, by: item("c")) },
      Edit("a dependency that comes", fresh: ["Item/a/1"]) {
        $0.replacing(1, by: item("a/1", dependsOn: ["Item/c"]))
      },
      Edit("what a counter watches", fresh: ["Counter/w", "Item/d"]) {
        $0.replacing(5, by: item("d", content: "new"))
      },
    ])
  func each(edit: Edit) throws {
    let bench = try RestagerBench()
    let before = [
      box("a"), item("a/1"), box("b"), item("b/1"), item("c", dependsOn: ["Item/d"]), item("d"),
      counter("w", watch: edit.what == "what a counter watches" ? "Item/d" : nil),
    ]
    let basis = try bench.stage(before, on: nil)
    let after = edit.body(before)
    let next = bench.restage(after, on: basis)
    let whole = try? bench.stage(after, on: nil)
    guard let next, let whole else {
      #expect(next == nil && whole == nil, "\(edit.what)")
      return
    }
    #expect(Picture(next) == Picture(whole))
    #expect(next.delta.isSound(next, basis))
    let touched = next.delta.touched
    let names = { (numbers: [Int32]) in Set(numbers.map { "\(next.declaration($0).reference)" }) }
    #expect(names(touched.filter { next.isFresh($0) }) == edit.fresh)
    #expect(names(touched.filter { !next.isFresh($0) }).isSubset(of: edit.rewired))
    if edit.isWiringShared { #expect(next.wiring === basis.wiring) }
  }

  @Test("gives up where somebody has to look at everything")
  func givesUp() throws {
    let bench = try RestagerBench()
    let before = [item("a/1"), item("x", group: "rack"), item("c")]
    let basis = try bench.stage(before, on: nil)
    let waitedFor = before + [box("a")]
    #expect(bench.restage(waitedFor, on: basis) == nil, "a/1 has waited for a box")
    let waiting = try bench.stage(waitedFor, on: basis)
    #expect(Picture(waiting).edges["Item/a/1"] == ["Box/a"])
    #expect(bench.restage(before + [item("x")], on: basis) == nil, "Item/x may mean two now")
    #expect(bench.restage(before + [item("y", name: "c")], on: basis) == nil, "a name twice")
    #expect(bench.restage(before + [item("c", name: "y")], on: basis) == nil, "an identity twice")
    #expect(bench.restage(before + [item("y", kind: "Itme")], on: basis) == nil, "no kind")
    let missing = before + [item("y", dependsOn: ["Item/none"])]
    #expect(bench.restage(missing, on: basis) == nil, "a reference that leads nowhere")
    let circle = before + [item("y", dependsOn: ["Item/z"]), item("z", dependsOn: ["Item/y"])]
    #expect(bench.restage(circle, on: basis) == nil, "a circle")
  }

  @Test("decodes anew what has placeholders where values changed, and nothing else")
  func values() throws {
    let bench = try RestagerBench()
    let declared = [
      item("a"), item("b", content: "${x}", hasPlaceholders: true), item("c", content: "${x}"),
    ]
    let basis = try bench.stage(declared, on: nil, values: ["x": "1"])
    let same = try #require(bench.restage(declared, on: basis, values: ["x": "1"]))
    #expect(same.delta.touched.isEmpty)
    let next = try #require(bench.restage(declared, on: basis, values: ["x": "2"]))
    let whole = try bench.stage(declared, on: basis, values: ["x": "2"])
    for intake in [next, whole] {
      let fresh = intake.order.filter { intake.isFresh($0) }
      #expect(fresh.map { "\(intake.declaration($0).reference)" } == ["Item/b"])
    }
    #expect(Picture(next) == Picture(whole))
    #expect(Picture(next).fingerprints != Picture(basis).fingerprints)
    #expect(bench.restage(declared, on: basis, values: [:]) == nil, "a value is missing")
    let error = #expect(throws: Diagnostics.self) {
      try bench.stage(declared, on: basis, values: [:])
    }
    #expect(error?.all.map(\.code) == [.missingValue])
  }

  @Test("lets what is gone give its number to what comes, and not at once")
  func numbers() throws {
    let bench = try RestagerBench()
    let basis = try bench.stage([item("a"), item("b"), item("c")], on: nil)
    let kept = basis.snapshot.declarations
    let without = try #require(bench.restage([kept[0], kept[2], item("d")], on: basis))
    #expect(without.numbering.items.count == 4 && without.numbering.count == 3)
    let again = try #require(
      bench.restage(without.snapshot.declarations + [item("e")], on: without))
    #expect(again.numbering.items.count == 4 && again.numbering.vacant == [])
  }

  struct Edit: Sendable, CustomTestStringConvertible {
    let what: String
    let fresh: Set<String>
    let rewired: Set<String>
    let body: @Sendable ([Declaration]) -> [Declaration]

    init(
      _ what: String, fresh: Set<String>, rewired: Set<String> = [],
      _ body: @escaping @Sendable ([Declaration]) -> [Declaration]
    ) {
      (self.what, self.fresh, self.rewired, self.body) = (what, fresh, rewired, body)
    }

    var isWiringShared: Bool { ["nothing", "a content", "a place in the file"].contains(what) }
    var testDescription: String { what }
  }
}

/// Three providers that only stage.
private struct RestagerBench {
  let engine: Engine

  init() throws {
    engine = try Bench { bench in
      bench.others = [
        ShelfProvider(shelf: Shelf(), name: "rack"), CounterProvider(counters: Counters()),
      ]
    }.engine()
  }

  func stage(
    _ declared: [Declaration], on previous: Intake?, values: Value.Fields = [:]
  ) throws -> Intake {
    try Stager(
      controllers: engine.stagingProviders, unit: Unit("main"),
      snapshot: snapshot(declared, values), previous: previous
    ).stage()
  }

  func restage(
    _ declared: [Declaration], on basis: Intake, values: Value.Fields = [:]
  ) -> Intake? {
    Restager(
      controllers: engine.stagingProviders, unit: Unit("main"),
      snapshot: snapshot(declared, values), basis: basis
    ).stage()
  }

  private func snapshot(_ declared: [Declaration], _ fields: Value.Fields) -> Snapshot {
    var values = Values()
    values.merge(fields)
    return Snapshot(revision: Revision(id: "r"), declarations: declared, values: values)
  }
}

/// All that is to be the same, without numbers.
private struct Picture: Equatable {
  var order: [String] = []
  var identities: [String: String] = [:]
  var edges: [String: [String]] = [:]
  var specs: [String: Value] = [:]
  var fingerprints: [String: String] = [:]
  var asked: [Reference: [Links.Link]]

  init(_ intake: Intake) {
    asked = intake.asked
    for number in intake.order {
      let declaration = intake.declaration(number)
      let name = declaration.reference.qualified
      order.append(name)
      identities[name] = intake.identity(number)
      edges["\(declaration.reference)"] = intake.dependencies(number).map {
        "\(intake.declaration($0).reference)"
      }
      specs[name] = declaration.spec
      let row = Int(intake.item(number).row)
      fingerprints[name] = intake.part(number).fingerprint(row)?.description
    }
  }
}

extension Intake.Delta {
  /// Whether nothing that is different was left out.
  fileprivate func isSound(_ intake: Intake, _ basis: Intake) -> Bool {
    let touched = Set(touched)
    let moved = Set(moved)
    for number in intake.order where !touched.contains(number) {
      guard Int(number) < basis.numbering.items.count,
        basis.numbering.items[Int(number)] != .vacant,
        intake.declaration(number).isSame(as: basis.declaration(number)),
        intake.identity(number) == basis.identity(number), !moved.contains(number),
        intake.dependencies(number).elementsEqual(basis.dependencies(number)),
        intake.dependencies(number).allSatisfy({ !moved.contains($0) })
      else { return false }
    }
    let now = Set(intake.order.map { intake.identity($0) })
    let left = Set(left)
    return basis.order.allSatisfy { number in
      now.contains(basis.identity(number)) || left.contains(number)
    }
  }
}

/// Declarations that change at random, a few at a time.
private struct RandomEdits {
  private(set) var declared: [Declaration]
  private var before: [Declaration] = []
  private var random: SplitMix

  init(seed: UInt64) {
    random = SplitMix(state: seed)
    declared = [box("a"), box("b")] + (0..<20).map { item("a/\($0)") }
  }

  mutating func undo() { declared = before }

  mutating func step() {
    before = declared
    for _ in 0...draw(2) { edit() }
  }

  private mutating func draw(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

  private mutating func edit() {
    let position = declared.isEmpty ? 0 : draw(declared.count)
    switch draw(10) {
    case 0: if !declared.isEmpty { declared.remove(at: position) }
    case 1: declared.insert(fresh(), at: position)
    case 2: declared.swapAt(position, draw(declared.count))
    case 3: if draw(4) == 0 { declared.append(counter("w\(draw(3))", watch: someName())) }
    case 4: if draw(4) == 0 { declared.append(box("\(["a", "b", "c"][draw(3)])")) }
    default: if !declared.isEmpty { declared[position] = changed(declared[position]) }
    }
  }

  private mutating func fresh() -> Declaration {
    let path = "\(["a", "b", "c"][draw(3)])/\(draw(60))"
    let group = draw(8) == 0 ? "rack" : "shelf"
    return item(
      path, name: draw(3) == 0 ? "n\(draw(40))" : nil, group: group, content: "\(draw(3))",
      dependsOn: draw(3) == 0 ? [someName()] : [])
  }

  /// The same name, and anything else changed.
  private mutating func changed(_ declaration: Declaration) -> Declaration {
    let reference = declaration.reference
    if reference.kind.kind == "Counter" { return counter(reference.name, watch: someName()) }
    if reference.kind.kind == "Box" {
      return box("\(["a", "b", "c"][draw(3)])", name: reference.name)
    }
    let path = draw(3) == 0 ? "\(["a", "b", "c"][draw(3)])/\(draw(60))" : reference.name
    return item(
      path, name: reference.name,
      group: reference.kind.apiVersion.hasPrefix("rack") ? "rack" : "shelf",
      content: "\(draw(5))", dependsOn: draw(2) == 0 ? declaration.dependencies : [someName()])
  }

  private mutating func someName() -> String {
    declared.isEmpty ? "Item/a" : "\(declared[draw(declared.count)].reference)"
  }
}

extension [Declaration] {
  fileprivate func replacing(_ index: Int, by declaration: Declaration) -> [Declaration] {
    var list = self
    list[index] = declaration
    return list
  }
}
