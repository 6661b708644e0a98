import Tend
import TendEngine
import TendGit
import TestSupport
import Testing

@Suite("A Git repository as a source")
struct GitSourceTests {
  let ground: Ground

  init() async throws { ground = try await Ground() }

  @Test("a refresh reads what the newest commit declares, and says who made it")
  func reads() async throws {
    let message = "Say hello\n\nAt last."
    let id = try await ground.repository.commit(["web/motd.yaml": file("motd")], message: message)
    let snapshot = try await ground.source().read()
    #expect(snapshot.revision.id == id)
    #expect(snapshot.revision.author == "Ada <ada@example.org>")
    #expect(snapshot.revision.time?.description == "2026-01-02T03:04:05.000Z")
    #expect(snapshot.revision.message == "Say hello")
    #expect(snapshot.declarations.map(\.reference.description) == ["File/motd"])
    #expect(snapshot.declarations.first?.place.file == "web/motd.yaml")
  }

  @Test("nothing new is unchanged, also after a restart")
  func unchanged() async throws {
    try await ground.repository.commit(["a.yaml": file("a")])
    let revision = try await ground.source().read().revision
    for source in [try ground.source(), try ground.source()] {
      guard case .unchanged = try await source.refresh(after: revision) else {
        Issue.record("a change was found")
        return
      }
    }
  }

  @Test("of a new commit only the files that differ are parsed again")
  func incremental() async throws {
    try await ground.repository.commit(["a.yaml": file("a"), "deep/b.yaml": file("b")])
    let source = try ground.source()
    let before = try await source.read()
    try await ground.repository.commit(["deep/b.yaml": file("b", "changed")])
    let after = try await source.read(after: before.revision)
    #expect(after.names == ["a", "b"])
    #expect(after.declarations[0].isSame(as: before.declarations[0]))
    #expect(!after.declarations[1].isSame(as: before.declarations[1]))
  }

  @Test("what a commit removes is declared no longer")
  func removal() async throws {
    try await ground.repository.commit(["a.yaml": file("a"), "b.yaml": file("b")])
    let source = try ground.source()
    let before = try await source.read()
    try ground.repository.folder.remove("a.yaml")
    try await ground.repository.commit("Remove a")
    #expect(try await source.read(after: before.revision).names == ["b"])
  }

  @Test("T01: an emptied tree is a revision that declares nothing, and not an error")
  func emptied() async throws {
    try await ground.repository.commit(["a.yaml": file("a")])
    let source = try ground.source()
    let before = try await source.read()
    try ground.repository.folder.remove("a.yaml")
    try await ground.repository.commit("Remove all")
    #expect(try await source.read(after: before.revision).declarations.isEmpty)
  }

  @Test(
    "a path narrows the tree, however it is written",
    arguments: ["hosts/web", "hosts/web/", "./hosts//web"])
  func path(_ path: String) async throws {
    try await ground.repository.commit([
      "hosts/web/a.yaml": file("a"), "hosts/web/files/motd": "hi", "b.yaml": file("b"),
      "hosts/website.yaml": file("c"),
    ])
    let snapshot = try await ground.source { $0.path = path }.read()
    #expect(snapshot.names == ["a"])
    #expect(snapshot.declarations.first?.place.file == "a.yaml")
    #expect(try await snapshot.text("files/motd") == "hi")
  }

  @Test("a commit is read by its id, and never moves")
  func pinned() async throws {
    let id = try await ground.repository.commit(["a.yaml": file("a")])
    try await ground.repository.commit(["b.yaml": file("b")])
    let source = try ground.source { $0.reference = .commit(id) }
    let snapshot = try await source.read()
    #expect(snapshot.names == ["a"])
    guard case .unchanged = try await source.refresh(after: snapshot.revision) else {
      Issue.record("a commit moved")
      return
    }
  }

  @Test("the tree's own settings say what is read")
  func settings() async throws {
    try await ground.repository.commit([
      "tend.yaml": "exclude: [drafts]\n", "a.yaml": file("a"), "drafts/b.yaml": file("b"),
      ".github/workflow.yaml": "on: push\n",
    ])
    #expect(try await ground.source().read().names == ["a"])
  }

  @Test("all mistakes come at once, with what could be read")
  func mistakes() async throws {
    try await ground.repository.commit([
      "a.yaml": "kind: File\n", "b.yaml": file("b"), "c.yaml": "a: [\n",
    ])
    guard
      case .invalid(let snapshot, let diagnostics) = try await ground.source().refresh(after: nil)
    else {
      Issue.record("it was taken in")
      return
    }
    #expect(Set(diagnostics.all.compactMap(\.place?.file)) == ["a.yaml", "c.yaml"])
    #expect(snapshot.names.contains("b"))
    #expect(snapshot.revision.id == (try await ground.repository.head()))
  }

  @Test("a revision is read again without the remote")
  func offline() async throws {
    try await ground.repository.commit(["a.yaml": file("a"), "x": "bytes"])
    let first = try await ground.source().read()
    try await ground.repository.commit(["b.yaml": file("b")])
    _ = try await ground.source().read(after: first.revision)
    try ground.repository.folder.remove(".git")
    let again = try await ground.source().snapshot(of: first.revision)
    #expect(again.names == ["a"])
    #expect(again.revision == first.revision)
    #expect(try await again.text("x") == "bytes")
  }

  @Test("what people read of a commit is one bounded line without control characters")
  func printable() async throws {
    let message = "Evil \u{1b}[31m\u{202e}" + String(repeating: "x", count: 500)
    try await ground.repository.commit(["a.yaml": file("a")], message: message)
    let text = try #require(try await ground.source().read().revision.message)
    #expect(text.count <= 201)
    #expect(!text.unicodeScalars.contains { $0.value < 32 || $0.value == 0x202e })
  }

  @Test("a file beside the manifests is known by its blob and read when asked for")
  func files() async throws {
    try await ground.repository.commit(["a.yaml": file("a"), "etc/motd": "hello\n", "empty": ""])
    let snapshot = try await ground.source().read()
    let found = try snapshot.tree.file(at: "etc/motd")
    #expect(found.digest == .gitBlob(try await ground.repository.blob("hello\n")))
    #expect(found.size == 6)
    #expect(try await found.read() == Array("hello\n".utf8))
    #expect(try await snapshot.text("empty").isEmpty)
  }

  @Test("many files are read by many callers at once, each its own bytes")
  func manyFiles() async throws {
    let files = Dictionary(uniqueKeysWithValues: (0..<300).map { ("f/\($0)", "content \($0)") })
    try await ground.repository.commit(files)
    let snapshot = try await ground.source().read()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for (path, text) in files {
        group.addTask { try await snapshot.text(path) == text }
      }
      for try await equal in group { #expect(equal) }
    }
  }

  @Test("cancelling one reader leaves the others their bytes")
  func cancelledReader() async throws {
    let files = Dictionary(uniqueKeysWithValues: (0..<40).map { ("\($0)", "content \($0)") })
    try await ground.repository.commit(files)
    let snapshot = try await ground.source().read()
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await withTaskGroup(of: Void.self) { inner in
          for index in 0..<20 { inner.addTask { _ = try? await snapshot.text("\(index)") } }
          inner.cancelAll()
        }
      }
      for index in 20..<40 {
        group.addTask {
          let text = try? await snapshot.text("\(index)")
          #expect(text == "content \(index)")
        }
      }
    }
  }
}
