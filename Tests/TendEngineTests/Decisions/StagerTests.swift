import Tend
import Testing

@testable import TendEngine

@Suite("What is wrong with what is declared")
struct StagerTests {
  private func diagnostics(
    _ declared: [Declaration], _ others: [any Provider] = []
  ) throws -> [Diagnostic] {
    try Bench { $0.others = others }.engine().validate(snapshot("r1", declared), unit: "main").all
  }

  @Test("nothing, where nothing is")
  func fine() throws {
    #expect(
      try diagnostics([box("a"), item("a/b", dependsOn: ["Box/a", "shelf/v1/Box/a"])]) == [])
    #expect(try diagnostics([]) == [])
  }

  @Test("an unknown kind, with the nearest one")
  func kind() throws {
    let found = try diagnostics([item("a", kind: "Itme", line: 4)])
    #expect(found.map(\.code) == [.unknownKind])
    #expect(found.first?.place?.line == 4)
    #expect(found.first?.remedy == "did you mean shelf/v1 Item?")
  }

  @Test("the right kind of the wrong group, with the right group")
  func group() throws {
    let found = try diagnostics([item("a", group: "shelves")])
    #expect(found.first?.remedy == "did you mean shelf/v1 Item?")
  }

  @Test("a reference to what is not declared, with the nearest name")
  func reference() throws {
    let found = try diagnostics([item("motd"), item("b", dependsOn: ["Item/mtod"])])
    #expect(found.map(\.code) == [.reference])
    #expect(found.first?.message == "Item/b depends on Item/mtod, which is not declared")
    #expect(found.first?.remedy == "did you mean Item/motd?")
  }

  @Test("a reference that may mean two, with both")
  func ambiguous() throws {
    let other = ShelfProvider(shelf: Shelf(), name: "rack")
    let declared = [
      item("a", dependsOn: ["Item/x"]), item("x"), item("x", group: "rack"),
      item("b", dependsOn: ["rack/v1/Item/x"]),
    ]
    let found = try diagnostics(declared, [other])
    #expect(found.map(\.code) == [.reference])
    #expect(found.first?.message == "Item/x may mean rack/v1/Item/x or shelf/v1/Item/x")
  }

  @Test("one name twice, and T06: one identity twice, each with both places")
  func twice() throws {
    let names = try diagnostics([item("a", name: "n", line: 1), item("b", name: "n", line: 9)])
    #expect(names.map(\.code) == [.duplicateName])
    #expect(names.first?.place?.line == 9 && names.first?.related.map(\.line) == [1])
    let identities = try diagnostics([item("a", line: 1), item("a", name: "n", line: 9)])
    #expect(identities.map(\.code) == [.duplicateIdentity])
    #expect(identities.first?.description.contains("the other stands at shelf.yaml:1:1") == true)
    let kinds = try diagnostics([item("a", line: 1), box("a", name: "n")])
    #expect(kinds.map(\.code) == [.duplicateIdentity], "kinds share the space of identities")
  }

  @Test("a circle of dependencies, printed whole, also where one is implied")
  func cycle() throws {
    let found = try diagnostics([
      item("a", dependsOn: ["Item/b"]), item("b", dependsOn: ["Item/c"]),
      item("c", dependsOn: ["Item/a"]),
    ])
    #expect(found.map(\.code) == [.cycle])
    #expect(found.first?.message.contains("Item/a -> Item/b -> Item/c -> Item/a") == true)
    let implied = try diagnostics([box("a", dependsOn: ["Item/a/b"]), item("a/b")])
    #expect(implied.map(\.code) == [.cycle])
  }

  @Test("all of it in one run, in the order of lines")
  func all() throws {
    let found = try diagnostics([
      item("a", dependsOn: ["Item/none"], line: 30), item("b", kind: "Itme", line: 20),
      item("c", name: "n", line: 5), item("d", name: "n", line: 10),
    ])
    #expect(found.map { $0.place?.line } == [10, 20, 30])
  }

  @Test("what can't be decoded has a name all the same: who refers to it is right, twice is wrong")
  func undecoded() throws {
    let found = try diagnostics([
      item("a", name: "n", color: "red", line: 1), item("b", dependsOn: ["Item/n", "Itme/m"]),
      Declaration(
        Reference(kind: "shelf/v1 Item", name: "n"), spec: ["path": 5],
        at: Place(file: "shelf.yaml", line: 7, column: 1)),
      item("m", kind: "Itme", line: 9),
    ])
    #expect(found.map(\.code) == [.wrongType, .duplicateName, .unknownKind])
    let alone = try diagnostics([
      Declaration(
        Reference(kind: "shelf/v1 Item", name: "n"), spec: [:],
        at: Place(file: "shelf.yaml", line: 7, column: 1)),
      item("b", dependsOn: ["shelf/v1/Item/n"]),
    ])
    #expect(alone.map(\.code) == [.missingField])
  }

  @Test("T10: no value of a field is a trap, and a wrong one is an error with its place")
  func fields() throws {
    let values: [Value] = [
      .null, "", "x", 0, -1, .integer(.max), .integer(.min), .number(.nan), .number(.infinity),
      .number(1e308), true, [], [:], [[["x"]]], ["path": ["path": nil]],
    ]
    for key in ["path", "content", "mode", "color", "secret", "unknown", ""] {
      for value in values {
        let declaration = Declaration(
          Reference(kind: "shelf/v1 Item", name: "a"),
          spec: .map(
            Value.Fields(
              [
                .init(key: "path", value: "p"), .init(key: "content", value: "c"),
              ].filter { $0.key != key } + [.init(key: key, value: value)])),
          at: Place(file: "a.yaml", line: 1, column: 1))
        for found in try diagnostics([declaration]) { #expect(found.place?.file == "a.yaml") }
      }
    }
    for spec in values {
      let declaration = Declaration(
        Reference(kind: "shelf/v1 Item", name: "a"), spec: spec,
        at: Place(file: "a.yaml", line: 1, column: 1))
      #expect(try !diagnostics([declaration]).isEmpty)
    }
  }

  @Test("two providers with one name, or one kind, are refused when the engine is made")
  func providers() {
    #expect(throws: EngineError.self) {
      try Bench { $0.others = [ShelfProvider(shelf: Shelf())] }.engine()
    }
  }
}
