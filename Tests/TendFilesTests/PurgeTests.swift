import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("what nobody declares is purged from a directory where that is declared")
struct PurgeTests {
  /// A directory that is purged, beside what else is declared.
  private func directory(
    _ ground: Playground, _ others: [EntrySpec] = []
  ) throws -> EntrySpec {
    var directory = try ground.directory("d", ["purge": true])
    directory.siblings = DeclaredPaths(([directory] + others).map(\.declared))
    return directory
  }

  private func make(_ paths: String..., in ground: Playground) throws {
    for path in paths {
      let parent = (ground(path) as NSString).deletingLastPathComponent
      try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
      try write("theirs\n", to: ground(path))
    }
  }

  @Test("T05: the first pass purges nothing; the next one lists each path, keeps it, removes it")
  func life() async throws {
    let backups = TestBackups()
    let ground = try Playground(backups: backups)
    try make("d/a.conf", "d/sub/b", "d/sub/deep/c", in: ground)
    let declared = try ground.file("d/mine")
    let directory = try directory(ground, [declared])
    #expect(try await ground.paths(directory).isEmpty)
    try await ground.reconcile(declared)
    let differences = try await ground.differences(directory)
    #expect(
      differences.map(\.path) == [
        "purge.a.conf", "purge.sub", "purge.sub/b", "purge.sub/deep", "purge.sub/deep/c",
      ])
    #expect(differences.allSatisfy { $0.losesData && $0.desired == .absent })
    #expect(differences.first?.actual == .value("a file"))
    try await ground.reconcile(directory)
    #expect(names(in: ground("d")) == ["mine"])
    #expect(
      backups.kept.map(\.request.path)
        == ["d/sub/deep/c", "d/sub/b", "d/a.conf"].map { ground($0) })
    #expect(backups.kept.allSatisfy { $0.content == "theirs\n" && $0.request.mayMove })
    #expect(try await ground.differences(directory).isEmpty)
  }

  @Test("T75 what has a name that is not UTF-8 stays, and holds up nothing else")
  func unnameable() async throws {
    let ground = try Playground()
    try make("d/x", "d/sub/y", "d/sub/deep/z", in: ground)
    let odd = ["d", "d/sub"].map { folder in
      Array(ground(folder).utf8CString.dropLast()) + [47, 110, CChar(bitPattern: 0xff), 0]
    }
    for path in odd { try #require(mkdir(path, 0o755) == 0) }
    let directory = try directory(ground)
    _ = try await ground.observe(directory)
    #expect(
      try await ground.paths(directory)
        == ["purge.sub/deep", "purge.sub/deep/z", "purge.sub/y", "purge.x"])
    try await ground.reconcile(directory)
    for path in odd { #expect(access(path, F_OK) == 0) }
    for path in ["d/x", "d/sub/y", "d/sub/deep"] { #expect(access(ground(path), F_OK) != 0) }
    #expect(try await ground.differences(directory).isEmpty)
  }

  @Test("no link is followed, no mount is crossed, and what no backup can keep stays", .asRoot)
  func limits() async throws {
    let ground = try Playground()
    try make("d/x", "outside/kept", in: ground)
    try #require(symlink(ground("outside"), ground("d/link")) == 0)
    try #require(mkfifo(ground("d/pipe"), 0o600) == 0)
    try FileManager.default.createDirectory(
      atPath: ground("d/mount"), withIntermediateDirectories: false)
    let status = try run("mount", "-t", "tmpfs", "none", ground("d/mount"))
    try #require(status == 0)
    defer { _ = try? run("umount", "-l", ground("d/mount")) }
    try make("d/mount/kept", "d/sub/y", in: ground)
    try #require(mkfifo(ground("d/sub/pipe"), 0o600) == 0)
    let directory = try directory(ground)
    _ = try await ground.observe(directory)
    #expect(try await ground.paths(directory) == ["purge.link", "purge.sub/y", "purge.x"])
    try await ground.reconcile(directory)
    #expect(names(in: ground("d")) == ["mount", "pipe", "sub"])
    #expect(names(in: ground("d/mount")) == ["kept"])
    #expect(names(in: ground("d/sub")) == ["pipe"])
    #expect(names(in: ground("outside")) == ["kept"])
  }

  @Test("what is declared below an undeclared directory keeps that, and what is made ready stays")
  func kept() async throws {
    let ground = try Playground()
    let temporary = TemporaryNames(seed: 7).next(for: "mine")
    try make("d/sub/mine", "d/sub/theirs", "d/\(temporary)", in: ground)
    try make("d/later/theirs", in: ground)
    let directory = try directory(
      ground, [try ground.file("d/sub/mine"), try ground.file("d/later/mine")])
    _ = try await ground.observe(directory)
    #expect(try await ground.paths(directory) == ["purge.later/theirs", "purge.sub/theirs"])
    try await ground.reconcile(directory)
    #expect(names(in: ground("d")) == [temporary, "later", "sub"])
    #expect(names(in: ground("d/sub")) == ["mine"])
    #expect(names(in: ground("d/later")).isEmpty)
  }

  @Test("T32: what has changed since the plan, or came later, is not removed")
  func moved() async throws {
    let ground = try Playground()
    try make("d/a", "d/b", in: ground)
    let directory = try directory(ground)
    _ = try await ground.observe(directory)
    let current = try #require(try await ground.observe(directory))
    let change = ground.plan(directory, current, directory.differences(from: current))
    try write("theirs, and more\n", to: ground("d/a"))
    try make("d/c", in: ground)
    let error = await failure { _ = try await ground.apply(change) }
    #expect(error?.code == .conflict)
    #expect(names(in: ground("d")).contains("a"))
    #expect(names(in: ground("d")).contains("c"))
  }

  @Test("one that is to be left alone is left alone")
  func ignored() async throws {
    let ground = try Playground()
    try make("d/a", "d/b", in: ground)
    let directory = try directory(ground)
    _ = try await ground.observe(directory)
    try await ground.reconcile(directory, ignoring: ["purge.a"])
    #expect(names(in: ground("d")) == ["a"])
  }

  @Test("a backup that fails keeps what it could not keep")
  func noBackup() async throws {
    let ground = try Playground(backups: FailingBackups())
    try make("d/a", in: ground)
    let directory = try directory(ground)
    _ = try await ground.observe(directory)
    let error = await failure { try await ground.reconcile(directory) }
    #expect(error?.code == .transient)
    #expect(names(in: ground("d")) == ["a"])
  }

  @Test("without purge nothing is looked for")
  func off() async throws {
    let ground = try Playground()
    try make("d/a", in: ground)
    let directory = try ground.directory("d")
    _ = try await ground.observe(directory)
    #expect(try await ground.paths(directory).isEmpty)
  }
}
