import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("A unit with a root")
struct RootTests {
  /// A file of a unit whose root is a folder.
  private func spec(
    _ path: String, _ content: String = "hello\n", below root: String, in ground: Playground
  ) throws -> EntrySpec {
    let name = KindName(apiVersion: "files/v1", kind: "File")
    let declaration = Declaration(
      Reference(kind: name, name: "it"),
      spec: ["path": .string(path), "content": .string(content)],
      at: Place(file: "it.yaml", line: 1, column: 1))
    let kind = try #require(ground.provider.kinds.first { $0.name == name })
    return try kind.decode(declaration.reading(Premises(NoTree(), unit: "image", root: root)))
  }

  @Test(
    "an identity tells the root from what lies below it",
    arguments: [
      ("/etc/motd", "/srv/image//etc/motd", "/srv/image//etc", "/srv/image/etc/motd"),
      ("//motd/", "/srv/image//motd", "/srv/image/", "/srv/image/motd"),
    ])
  func identity(path: String, identity: String, parent: String, onMachine: String) throws {
    let ground = try Playground()
    let id = try spec(path, below: "/srv//image/", in: ground).id
    #expect(id.description == identity && id.parent == parent && id.onMachine == onMachine)
    #expect(EntryPath(identity) == id)
    #expect(id.ancestors.allSatisfy { $0.description.hasPrefix("/srv/image//") })
    #expect(EntryPath("/srv/image//a//b") == nil && EntryPath("/srv/image//") == nil)
  }

  @Test("T14: links of any kind stay below it, also when nothing is declared any more")
  func links() async throws {
    let ground = try Playground()
    let outside = try Playground()
    for folder in ["image", "image/real", "image/etc"] { mkdir(ground(folder), 0o755) }
    try write("theirs\n", to: outside("motd"))
    for (name, target) in [
      ("absolute", outside.path), ("up", "../../../../../../../..\(outside.path)"),
      ("inside", "/real"),
    ] { symlink(target, ground("image/\(name)")) }
    for name in ["absolute", "up"] {
      let spec = try spec("/\(name)/motd", below: ground("image"), in: ground)
      #expect(await failure { try await ground.reconcile(spec) } != nil)
      _ = await failure { try await ground.prune(spec) }
    }
    #expect(text(of: outside("motd")) == "theirs\n")

    let through = try spec("/inside/motd", below: ground("image"), in: ground)
    try await ground.reconcile(through)
    #expect(text(of: ground("image/real/motd")) == "hello\n")
    #expect(try await ground.differences(through).isEmpty)
    try await ground.prune(through)
    #expect(names(in: ground("image/real")) == [])
  }

  @Test("two paths that lead to one entry below it are refused")
  func rivals() async throws {
    let ground = try Playground()
    mkdir(ground("image"), 0o755)
    mkdir(ground("image/real"), 0o755)
    symlink("/real", ground("image/link"))
    var one = try spec("/link/motd", below: ground("image"), in: ground)
    let other = try spec("/real/motd", below: ground("image"), in: ground)
    one.siblings = DeclaredPaths([one.declared, other.declared])
    let error = await failure { try await ground.reconcile(one) }
    #expect(error?.message.contains("lead to one entry") == true, "\(error as Any)")
  }

  @Test("a directory that is missing is named as it would be declared; so is the root itself")
  func missing() async throws {
    let ground = try Playground()
    let noRoot = try spec("/motd", below: ground("image"), in: ground)
    let first = await failure { try await ground.reconcile(noRoot) }
    let reason = "there is no directory \(ground("image")), the root of the unit"
    #expect(first?.message.hasSuffix(reason) == true)
    mkdir(ground("image"), 0o755)
    let noFolder = try spec("/etc/motd", below: ground("image"), in: ground)
    let second = await failure { try await ground.reconcile(noFolder) }
    #expect(second?.remedy == "declare the Directory /etc")
  }

  @Test("what the unit may touch is asked as the machine knows it")
  func accesses() throws {
    let ground = try Playground()
    let spec = try spec("/etc/motd", below: "/srv/image", in: ground)
    let target = Target(id: spec.id, desired: spec, memory: nil as EntryMemory?)
    #expect(ground.provider.accesses(for: target).map { "\($0)" } == ["path /srv/image/etc/motd"])
  }

  private struct NoTree: SourceTree {
    func file(at path: String) throws(SourceFileError) -> SourceFile { throw .init("none") }
  }
}
