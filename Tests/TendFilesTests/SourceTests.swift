import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("content comes from the source's tree")
struct SourceTests {
  private struct Tree: SourceTree {
    let files: [String: String]
    var served: [String: String]?

    func file(at path: String) throws(SourceFileError) -> SourceFile {
      guard let text = files[path] else {
        throw SourceFileError("there is no file \(path)", remedy: "add it")
      }
      let bytes = Array((served?[path] ?? text).utf8)
      // As Git names it: the digest that `git hash-object` prints.
      let digest = Digester.digest(.gitBlob, of: Array(text.utf8)).hexadecimal
      return SourceFile(path: path, digest: .gitBlob(digest), size: text.utf8.count) {
        () async throws(ProviderError) in bytes
      }
    }
  }

  private func spec(_ here: Playground, _ source: String, _ tree: Tree) throws -> EntrySpec {
    let declaration = Declaration(
      Reference(kind: "files/v1 File", name: "it"),
      spec: ["path": .string(here("f")), "source": .string(source)],
      at: Place(file: "web/it.yaml", line: 1, column: 1))
    let kind = try #require(here.provider.kinds.first { $0.name.kind == "File" })
    return try kind.decode(declaration.reading(Premises(tree)))
  }

  @Test("relative to the manifest, compared by the id of the blob")
  func converges() async throws {
    let here = try Playground()
    let spec = try spec(here, "motd", Tree(files: ["web/motd": "hello\n"]))
    // printf 'hello\n' | git hash-object --stdin
    #expect(spec.content?.digest.hexadecimal == "ce013625030ba8dba906f756967f9e9ca394464a")
    try await here.reconcile(spec)
    #expect(text(of: here("f")) == "hello\n")
    #expect(try await here.reconcile(spec) == nil)
    try write("other\n", to: here("f"))
    let difference = try #require(try await here.differences(spec).first)
    #expect(difference.text == .init(actual: "other\n", desired: "hello\n"))
    try await here.reconcile(spec)
    #expect(text(of: here("f")) == "hello\n")
  }

  @Test(
    "T14 no source leads out of the unit", arguments: ["../../etc/passwd", "/etc/passwd", "none"])
  func refuses(source: String) throws {
    let here = try Playground()
    #expect(throws: Diagnostics.self) {
      try spec(here, source, Tree(files: ["web/motd": ""]))
    }
  }

  @Test("T36 bytes that are not what the revision names are never written")
  func checksBytes() async throws {
    let here = try Playground()
    let tree = Tree(files: ["web/motd": "right"], served: ["web/motd": "wrong"])
    let error = await failure { try await here.reconcile(try spec(here, "motd", tree)) }
    #expect(error?.code == .transient)
    #expect(names(in: here.path) == [])
  }
}
