import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("T08 what is replaced or deleted is kept first")
struct BackupTests {
  @Test("before content is replaced, durable unless it is a repair", arguments: [false, true])
  func update(isRepair: Bool) async throws {
    let backups = TestBackups()
    let here = try Playground(backups: backups, isRepair: isRepair)
    try write("old", to: here("f"))
    try await here.reconcile(try here.file("f", "new"), adopts: true)
    let kept = try #require(backups.kept.first)
    #expect(backups.kept.count == 1)
    #expect(kept.content == "old")
    #expect(kept.request.path == here("f"))
    #expect(kept.request.durable == !isRepair)
    #expect(kept.request.adopted)
    #expect(!kept.request.mayMove)
  }

  @Test("before a file or a link is deleted; it may be moved away")
  func delete() async throws {
    let backups = TestBackups()
    let here = try Playground(backups: backups)
    let specs = [try here.file("f", "text"), try here.link("l", to: "target")]
    for spec in specs { try await here.reconcile(spec) }
    for spec in specs { #expect(try await here.prune(spec) == .done) }
    #expect(backups.kept.map(\.content) == ["text", "target"])
    #expect(!backups.kept.contains { !$0.request.mayMove })
    #expect(names(in: here.path) == [])
  }

  @Test("before a file makes room for a link or a directory")
  func replace() async throws {
    let backups = TestBackups()
    let here = try Playground(backups: backups)
    for name in ["a", "b"] { try write(name, to: here(name)) }
    try await here.reconcile(try here.link("a", to: "x"))
    try await here.reconcile(try here.directory("b"))
    #expect(backups.kept.map(\.content) == ["a", "b"])
  }

  @Test("not for a create, for metadata alone, or where none is wanted, also after a restart")
  func none() async throws {
    let backups = TestBackups()
    let here = try Playground(backups: backups)
    let spec = try here.file("f", "old", mode: "0644", ["backup": "none"])
    try await here.reconcile(spec)
    chmod(here("f"), 0o600)
    try await here.reconcile(spec)
    try write("drift", to: here("f"))
    try await here.reconcile(spec)
    try await here.prune(spec)
    let directory = try here.directory("d")
    try await here.reconcile(directory)
    try await here.prune(directory)
    #expect(backups.kept.isEmpty)
  }

  @Test("a backup that fails holds the change back")
  func failing() async throws {
    let here = try Playground(backups: FailingBackups())
    try write("old", to: here("f"))
    for spec in [try here.file("f", "new"), try here.file("f", "new", ["replace": "inPlace"])] {
      let error = await failure { try await here.reconcile(spec) }
      #expect(error?.message == "the backup store is full")
    }
    #expect(text(of: here("f")) == "old")
    #expect(names(in: here.path) == ["f"])
  }
}
