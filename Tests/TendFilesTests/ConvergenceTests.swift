import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("an entry becomes as it is declared")
struct ConvergenceTests {
  @Test("a file is created with content, mode and nothing else beside it")
  func createsFile() async throws {
    let here = try Playground()
    let spec = try here.file("motd", "hello\n", mode: "0640")
    #expect(try await here.paths(spec) == ["content", "mode"])
    #expect(try await here.reconcile(spec) == .done)
    #expect(text(of: here("motd")) == "hello\n")
    #expect(try mode(of: here("motd")) == "0640")
    #expect(names(in: here.path) == ["motd"])
    #expect(try await here.reconcile(spec) == nil)
  }

  @Test("what is not declared gets 0644 and 0755 on create, whatever the umask")
  func defaults() async throws {
    // In a process of its own, since the umask is the whole process's.
    await #expect(processExitsWith: .success) {
      let here = try Playground()
      umask(0o077)
      try await here.reconcile(try here.directory("d"))
      try await here.reconcile(try here.file("d/f"))
      #expect(try mode(of: here("d")) == "0755")
      #expect(try mode(of: here("d/f")) == "0644")
    }
  }

  @Test("a directory and a link are created as declared", arguments: ["nowhere", "/etc/passwd"])
  func createsOthers(target: String) async throws {
    let here = try Playground()
    let directory = try here.directory("d", ["mode": "2750"])
    let link = try here.link("d/l", to: target)
    try await here.reconcile(directory)
    try await here.reconcile(link)
    #expect(try mode(of: here("d")) == "2750")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: here("d/l")) == target)
    #expect(names(in: here("d")) == ["l"])
    for spec in [directory, link] { #expect(try await here.reconcile(spec) == nil) }
  }

  @Test("a link that leads elsewhere is led back in one step")
  func updatesLink() async throws {
    let here = try Playground()
    try FileManager.default.createSymbolicLink(atPath: here("l"), withDestinationPath: "old")
    let spec = try here.link("l", to: "new")
    #expect(try await here.paths(spec) == ["target"])
    try await here.reconcile(spec)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: here("l")) == "new")
    #expect(names(in: here.path) == ["l"])
  }

  @Test("changed content comes back, and the mode that is not declared stays as found")
  func repairsContent() async throws {
    let here = try Playground()
    let spec = try here.file("f", "right")
    try await here.reconcile(spec)
    try write("wrong", to: here("f"))
    chmod(here("f"), 0o604)
    #expect(try await here.paths(spec) == ["content"])
    try await here.reconcile(spec)
    #expect(text(of: here("f")) == "right")
    #expect(try mode(of: here("f")) == "0604")
  }

  @Test("an ignored mode stays as found even when the content is written anew")
  func keepsIgnoredMode() async throws {
    let here = try Playground()
    try write("wrong", to: here("f"))
    chmod(here("f"), 0o4711)
    let spec = try here.file("f", "right", mode: "0600")
    try await here.reconcile(spec, ignoring: ["mode"])
    #expect(text(of: here("f")) == "right")
    #expect(try mode(of: here("f")) == "4711")
  }

  @Test("T74 drift of the mode alone is repaired without a new file")
  func repairsMode() async throws {
    let here = try Playground()
    let spec = try here.file("f", "text", mode: "0640")
    try await here.reconcile(spec)
    let before = try status(of: here("f"))
    chmod(here("f"), 0o666)
    #expect(try await here.paths(spec) == ["mode"])
    try await here.reconcile(spec)
    let after = try status(of: here("f"))
    #expect(try mode(of: here("f")) == "0640")
    #expect(after.st_ino == before.st_ino)
    #expect(after.st_mtim.tv_nsec == before.st_mtim.tv_nsec)
  }

  @Test("T74 a new modification time alone is no drift")
  func ignoresTimes() async throws {
    let here = try Playground()
    let spec = try here.file("f")
    try await here.reconcile(spec)
    var times = [timeval(tv_sec: 1000, tv_usec: 0), timeval(tv_sec: 1000, tv_usec: 0)]
    utimes(here("f"), &times)
    #expect(try await here.differences(spec).isEmpty)
  }

  @Test(
    "one path changes its kind, in every direction", arguments: ["File", "Directory", "Symlink"])
  func changesKind(first: String) async throws {
    for second in ["File", "Directory", "Symlink"] where second != first {
      let here = try Playground()
      let specs = [
        "File": try here.file("x"), "Directory": try here.directory("x"),
        "Symlink": try here.link("x", to: "y"),
      ]
      let (old, new) = (try #require(specs[first]), try #require(specs[second]))
      try await here.reconcile(old)
      let differences = try await here.differences(new)
      #expect(differences.first?.path == "kind")
      #expect(differences.first?.forcesReplacement == true)
      try await here.reconcile(new)
      #expect(try await here.differences(new).isEmpty, "\(first) to \(second)")
      #expect(names(in: here.path) == ["x"])
    }
  }

  @Test("content comes as text, as Base64, and byte for byte")
  func contents() async throws {
    let here = try Playground()
    let content = Value.Fields.Entry(key: "contentBase64", value: "AAH/\n /g==")
    let spec = try here.declare("File", "f", .init([content]))
    try await here.reconcile(spec)
    #expect(FileManager.default.contents(atPath: here("f")) == Data([0, 1, 255, 254]))
    #expect(try await here.reconcile(spec) == nil)
  }

  @Test("what is no longer declared is removed, and only that")
  func prunes() async throws {
    let here = try Playground()
    let (directory, file) = (try here.directory("d"), try here.file("d/f"))
    try await here.reconcile(directory)
    try await here.reconcile(file)
    #expect(try await here.prune(file) == .done)
    #expect(try await here.prune(directory) == .done)
    #expect(names(in: here.path) == [])
    #expect(try await here.prune(directory) == nil)
  }

  @Test("T05 a directory that holds what others put there stays, and ten of them are named")
  func keepsStrangers() async throws {
    let here = try Playground()
    let directory = try here.directory("d")
    try await here.reconcile(directory)
    for number in 0..<12 { try write("", to: here("d/stranger\(number)")) }
    guard case .kept(let why) = try await here.prune(directory) else {
      Issue.record("it was not kept")
      return
    }
    #expect(why.split(separator: ",").count == 10)
    #expect(why.hasSuffix("and more"))
    #expect(names(in: here("d")).count == 12)
  }

  @Test("a stranger of another kind at a pruned path is left alone")
  func leavesOtherKinds() async throws {
    let here = try Playground()
    let file = try here.file("f")
    try await here.reconcile(file)
    unlink(here("f"))
    mkdir(here("f"), 0o755)
    #expect(try await here.prune(file) == nil)
    #expect(names(in: here.path) == ["f"])
  }

  @Test("T32 what moved since it was observed is a conflict and is not overwritten")
  func conflicts() async throws {
    let here = try Playground()
    try write("old", to: here("f"))
    let spec = try here.file("f", "new")
    let current = try #require(try await here.observe(spec))
    let change = here.plan(spec, current, spec.differences(from: current))
    try write("someone else's", to: here("f"))
    #expect(await failure { _ = try await here.apply(change) }?.code == .conflict)
    #expect(text(of: here("f")) == "someone else's")
    let create = Change<EntrySpec>(.create(spec), [])
    #expect(await failure { _ = try await here.apply(create) }?.code == .conflict)
    #expect(text(of: here("f")) == "someone else's")
    #expect(names(in: here.path) == ["f"])
  }

  @Test(
    "T32 what moved is neither deleted nor given other attributes nor another kind",
    arguments: ["delete", "mode", "kind", "inPlace"])
  func conflictsOfOthers(change: String) async throws {
    let here = try Playground()
    try write("old", to: here("f"))
    let spec =
      switch change {
      case "kind": try here.directory("f")
      case "inPlace": try here.file("f", "new", ["replace": "inPlace"])
      default: try here.file("f", "old", mode: "0600")
      }
    let current = try #require(try await here.observe(spec))
    let plan = here.plan(spec, current, spec.differences(from: current))
    unlink(here("f"))
    try write("theirs", to: here("f"))
    let error = await failure {
      _ = try await here.apply(change == "delete" ? Change(.delete(current), []) : plan)
    }
    #expect(error?.code == .conflict)
    #expect(text(of: here("f")) == "theirs")
    #expect(try mode(of: here("f")) == "0644")
  }

  @Test("T32 what moves while the new content is made ready is not overwritten either")
  func conflictsLate() async throws {
    let backups = MeddlingBackups()
    let here = try Playground(backups: backups)
    try write("old", to: here("f"))
    let error = await failure { try await here.reconcile(try here.file("f", "new")) }
    #expect(error?.code == .conflict)
    #expect(text(of: here("f")) == "theirs")
    #expect(names(in: here.path) == ["f"])
  }
}
