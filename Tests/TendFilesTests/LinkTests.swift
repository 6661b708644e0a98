import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("declarations have to fit together")
struct LinkTests {
  private func declared(_ kind: String, _ name: String, _ path: String) throws -> Declared<
    EntrySpec
  > {
    let fields: Value.Fields =
      switch kind {
      case "File": .init([.init(key: "content", value: "")])
      case "Symlink": .init([.init(key: "target", value: "x")])
      default: .init()
      }
    let declaration = Declaration(
      Reference(kind: KindName(apiVersion: "files/v1", kind: kind), name: name), spec: .null,
      at: Place(file: "\(name).yaml", line: 3, column: 1))
    return Declared(declaration, try declare(kind, path, fields))
  }

  private let links = Links { _, _ in .missing }

  @Test(
    "a path below a declared File or Symlink names both places", arguments: ["File", "Symlink"])
  func below(kind: String) throws {
    var all = [
      try declared(kind, "upper", "/srv/app"), try declared("File", "lower", "/srv/app/x/y"),
      try declared("File", "beside", "/srv/apple"),
    ]
    let found = FileProvider().link(&all, links)
    #expect(found.count == 1)
    #expect(found.first?.place?.file == "lower.yaml")
    #expect(found.first?.related.map(\.file) == ["upper.yaml"])
    #expect(found.first?.message.contains("\(kind)/upper") == true)
  }

  @Test("a path below a declared Directory is in order, and the directories above come first")
  func inOrder() throws {
    var all = [
      try declared("File", "f", "/srv/app/f"), try declared("Directory", "d", "/srv/app"),
    ]
    #expect(FileProvider().link(&all, links) == [])
    #expect(all[0].content.prerequisites.map(\.description) == ["/srv/app", "/srv"])
  }

  @Test("a directory that neither exists nor is declared is named")
  func missingParent() async throws {
    let here = try Playground()
    let spec = try here.file("none/f")
    let error = await failure { _ = try await here.observe(spec) }
    #expect(error?.code == .permanent)
    #expect(error?.field == "path")
    #expect(error?.remedy == "declare the Directory \(here("none"))")
  }

  @Test("a directory that is declared may still be missing")
  func declaredParent() async throws {
    let here = try Playground()
    let directory = try here.directory("d")
    var all = [
      Declared(try declared("File", "f", here("d/f")).declaration, try here.file("d/f")),
      Declared(try declared("Directory", "d", here("d")).declaration, directory),
    ]
    #expect(here.provider.link(&all, links) == [])
    #expect(try await here.observe(all[0].content) as Entry? == nil)
    let error = await failure { _ = try await here.apply(.init(.create(all[0].content), [])) }
    #expect(error?.code == .conflict)
  }

  @Test("T06 two paths that lead to one entry through links are refused, naming both")
  func rivals() async throws {
    let here = try Playground(in: "/root")
    mkdir(here("real"), 0o755)
    symlink("real", here("one"))
    symlink("real", here("two"))
    for (first, second) in [("one", "real"), ("one", "two")] {
      var all = try [first, second].map {
        Declared(try declared("File", $0, here("\($0)/f")).declaration, try here.file("\($0)/f"))
      }
      #expect(here.provider.link(&all, links) == [])
      let errors = await [
        failure { _ = try await here.observe(all[0].content) },
        failure { _ = try await here.observe(all[1].content) },
      ]
      let error = try #require(errors.compactMap { $0 }.first)
      #expect(error.message.contains(here("\(first)/f")))
      #expect(error.message.contains(here("\(second)/f")))
    }
  }
}
