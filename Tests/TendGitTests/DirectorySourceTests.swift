import Glibc
import Synchronization
import Tend
import TendEngine
import TendGit
import TestSupport
import Testing

@Suite("A directory as a source")
struct DirectorySourceTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder("directory") }

  @Test("its manifests are read in the order of paths")
  func reads() async throws {
    try folder.write(file("b"), to: "b.yaml")
    try folder.write(file("a"), to: "deep/er/a.yml")
    try folder.write(
      #"{"apiVersion": "files/v1", "kind": "File", "metadata": {"name": "j"}, "spec": {}}"#,
      to: "a.json")
    try folder.write("no manifest", to: "README.md")
    try folder.write(file("hidden"), to: ".git/x.yaml")
    let snapshot = try await source().read()
    #expect(snapshot.names == ["j", "b", "a"])
    #expect(snapshot.declarations.last?.place.file == "deep/er/a.yml")
    #expect(snapshot.revision.id.hasPrefix("sha256:"))
    #expect(snapshot.revision.time != nil)
  }

  @Test("nothing new is unchanged, also after a restart and when a manifest is touched")
  func unchanged() async throws {
    try folder.write(file("a"), to: "a.yaml")
    let revision = try await source().read().revision
    try await run("touch", [folder.path("a.yaml")])
    guard case .unchanged = try await source().refresh(after: revision) else {
      Issue.record("a change was found")
      return
    }
  }

  @Test("a change is found, and files that did not change are not parsed again")
  func changed() async throws {
    try folder.write(file("a"), to: "a.yaml")
    try folder.write(file("b"), to: "b.yaml")
    let source = source()
    let before = try await source.read()
    try folder.write(file("b", "new"), to: "b.yaml")
    let after = try await source.read(after: before.revision)
    #expect(after.revision.id != before.revision.id)
    #expect(after.declarations[0].isSame(as: before.declarations[0]))
    #expect(!after.declarations[1].isSame(as: before.declarations[1]))
  }

  @Test("a change that keeps size and time is found")
  func sameSize() async throws {
    try folder.write(file("a", "one"), to: "a.yaml")
    let source = source()
    let before = try await source.read()
    try folder.write(file("a", "two"), to: "b")
    try await run("touch", ["-r", folder.path("a.yaml"), folder.path("b")])
    try await run("mv", [folder.path("b"), folder.path("a.yaml")])
    let after = try await source.read(after: before.revision)
    #expect(after.declarations.first?.spec.value(at: "content") == .string("two"))
  }

  @Test("a directory that is being written is read once it rests")
  func settles() async throws {
    let folder = folder
    try folder.write(file("a", "v0"), to: "a.yaml")
    let writes = Mutex(0)
    let clock = ActingClock { _ in
      let count = writes.withLock { count in
        count += 1
        return count
      }
      if count <= 3 { try? folder.write(file("a", "v\(count)"), to: "a.yaml") }
    }
    let snapshot = try await source(clock: clock).read()
    #expect(snapshot.declarations.first?.spec.value(at: "content") == .string("v3"))
    #expect(writes.withLock { $0 } == 4)
  }

  @Test(
    "what rests already is read at once, what changed lately once it has rested",
    arguments: [
      (age: Int64(1_000_000_000), wait: nil as Duration?),
      (age: 3_600_000_000_000, wait: nil),
      (age: 400_000_000, wait: .milliseconds(600)),
      (age: 0, wait: .seconds(1)),
      // A clock that was set back says nothing.
      (age: -3_600_000_000_000, wait: .seconds(1)),
    ])
  func rested(age: Int64, wait: Duration?) async throws {
    try folder.makeFolder("deeper")
    try folder.write(file("a", "one"), to: "deeper/a.yaml")
    let waits = Mutex<[Duration]>([])
    let clock = ActingClock { time in waits.withLock { $0.append(time) } }
    let changed = try ["", "deeper", "deeper/a.yaml"].map(changed).max() ?? 0
    let source = source(clock: clock) { $0.now = { Timestamp(nanoseconds: changed + age) } }
    #expect(try await source.read().names == ["a"])
    #expect(waits.withLock { $0 } == [wait].compactMap { $0 })
  }

  /// When what stands at a path changed last.
  private func changed(_ path: String) throws -> Int64 {
    var record = stat()
    #expect(lstat(folder.path(path), &record) == 0)
    return Int64(record.st_ctim.tv_sec) * 1_000_000_000 + Int64(record.st_ctim.tv_nsec)
  }

  @Test("a directory that never rests is given up, and nothing of it is taken in")
  func restless() async throws {
    let folder = folder
    let writes = Mutex(0)
    let clock = ActingClock { _ in
      let count = writes.withLock { count in
        count += 1
        return count
      }
      try? folder.write(file("a", "v\(count)"), to: "a.yaml")
    }
    let error = try await source(clock: clock).failure()
    #expect(error.code == .limit)
    #expect(error.remedy != nil)
  }

  @Test("T01: a directory that does not exist is missing, and never empty")
  func missing() async throws {
    let error = try await source("nowhere").failure()
    #expect(error.code == .missing)
    #expect(error.message.contains(folder.path("nowhere")))
    #expect(try await source("nowhere/deeper").failure().code == .missing)
    #expect(try await source("").read().declarations.isEmpty)
  }

  @Test(
    "a directory that can't be read is not permitted, and never empty",
    .enabled(if: geteuid() != 0, "root may read everything"))
  func unreadable() async throws {
    try folder.write(file("a"), to: "web/a.yaml")
    try await run("chmod", ["000", folder.path("web")])
    #expect(try await source().failure().code == .notPermitted)
    try await run("chmod", ["700", folder.path("web")])
    try await run("chmod", ["000", folder.path("web/a.yaml")])
    #expect(try await source().failure().code == .notPermitted)
  }

  @Test("T14: links lead nowhere, whether they stand for a manifest, a file or a folder")
  func links() async throws {
    let outside = try TemporaryFolder("outside")
    try outside.write("secret-canary", to: "secret")
    try outside.write(file("stolen"), to: "stolen.yaml")
    try folder.write(file("a"), to: "a.yaml")
    try folder.write("inner", to: "files/inner")
    try folder.link("folder", to: outside.path)
    try folder.link("secret", to: outside.path("secret"))
    try folder.link("inner", to: "files/inner")
    try folder.link("files/up", to: "../../../../../../../etc/passwd")
    let snapshot = try await source().read()
    #expect(snapshot.names == ["a"])
    for path in ["secret", "inner", "folder/secret", "files/up"] {
      let refusal = try snapshot.refusal(path)
      #expect(refusal.contains("link"), "\(path): \(refusal)")
      #expect(!refusal.contains("canary"))
    }
    for path in ["../x", "/etc/passwd", "files/../../x", "", ".", "files"] {
      #expect(throws: SourceFileError.self) { try snapshot.tree.file(at: path) }
    }
    #expect(try await snapshot.text("files/inner") == "inner")
  }

  @Test("T14: a manifest that is a link is an error with its name")
  func linkedManifest() async throws {
    try folder.write(file("a"), to: "a.txt")
    try folder.link("b.yaml", to: "a.txt")
    #expect(
      try await source().mistakes().first?.hasPrefix("b.yaml:1:1: error: is a symbolic") == true)
  }

  @Test("a FIFO neither hangs a reading nor is a file")
  func fifo() async throws {
    try folder.write(file("a"), to: "a.yaml")
    try await run("mkfifo", [folder.path("pipe"), folder.path("b.yaml")])
    guard case .invalid(let snapshot, let wrong) = try await source().refresh(after: nil) else {
      Issue.record("a FIFO was taken for a manifest")
      return
    }
    #expect(wrong.all.map(\.place?.file) == ["b.yaml"])
    #expect(try snapshot.refusal("pipe").contains("no regular file"))
  }

  @Test("T36: a file that changed since it was asked for is not read under its old digest")
  func changedFile() async throws {
    try folder.write(file("a"), to: "a.yaml")
    try folder.write("one", to: "data")
    let snapshot = try await source().read()
    let found = try snapshot.tree.file(at: "data")
    #expect(found.digest == .sha256(SHA256.hex("one".utf8)))
    #expect(found.size == 3)
    try folder.write("two", to: "data")
    let error = await #expect(throws: ProviderError.self) { try await found.read() }
    #expect(error?.code == .conflict)
  }

  @Test(
    "T36: the directory that was read is the one that files come from, also when it is replaced")
  func replacedDirectory() async throws {
    try folder.write(file("a"), to: "now/a.yaml")
    try folder.write("old", to: "now/data")
    let snapshot = try await source("now").read()
    try await run("mv", [folder.path("now"), folder.path("then")])
    try folder.write("new", to: "now/data")
    #expect(try await snapshot.text("data") == "old")
  }

  @Test("a single file is the only manifest, with its neighbours as files")
  func singleFile() async throws {
    try folder.write(file("a"), to: "a.yaml")
    try folder.write(file("b"), to: "b.yaml")
    try folder.write("text", to: "files/motd")
    let snapshot = try await source("a.yaml").read()
    #expect(snapshot.names == ["a"])
    #expect(try await snapshot.text("files/motd") == "text")
  }

  @Test("bounds on entries, depth and sizes are errors that name them")
  func limits() async throws {
    for index in 0..<20 { try folder.write("", to: "f/\(index)") }
    try folder.write(file("deep"), to: "a/b/c/d/e.yaml")
    try folder.write(String(repeating: "x", count: 5000), to: "big")
    #expect(try await source { $0.limits.entries = 10 }.failure().code == .limit)
    #expect(try await source { $0.limits.depth = 3 }.failure().code == .limit)
    let snapshot = try await source { $0.limits.fileBytes = 4096 }.read()
    #expect(try snapshot.refusal("big").contains("5000 bytes"))
  }

  @Test("a manifest above the limit is refused by its size, unread")
  func largeManifest() async throws {
    try folder.write("", to: "big.yaml")
    try await run("truncate", ["--size=10G", folder.path("big.yaml")])
    #expect(try await source().mistakes().first?.hasPrefix("big.yaml:") == true)
  }

  @Test("a name that is not UTF-8 is an error, since it can't be told whether it is a manifest")
  func oddName() async throws {
    try await run("bash", ["-c", #"touch $'\xff.yaml'"#], in: folder.path)
    #expect(try await source().failure().code == .corrupt)
  }

  @Test("an LFS pointer is no file's content")
  func lfs() async throws {
    try folder.write(
      "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", to: "big.bin")
    #expect(try await source().read().refusal("big.bin").contains("LFS pointer"))
  }

  @Test("only the last revision can be read again")
  func snapshots() async throws {
    try folder.write(file("a"), to: "a.yaml")
    let source = source()
    let before = try await source.read()
    #expect(try await source.snapshot(of: before.revision).names == ["a"])
    #expect(try await self.source().snapshot(of: before.revision).names == ["a"])
    try folder.write(file("b"), to: "b.yaml")
    _ = try await source.read(after: before.revision)
    await #expect(throws: SourceError.self) { try await source.snapshot(of: before.revision) }
  }

  @Test("a text is one revision that never changes")
  func text() async throws {
    let source = TextSource(Array(file("a").utf8))
    let snapshot = try await source.read()
    #expect(snapshot.names == ["a"])
    #expect(snapshot.declarations.first?.place.file == "-")
    guard case .unchanged = try await source.refresh(after: snapshot.revision) else {
      Issue.record("a text changed")
      return
    }
    #expect(try snapshot.refusal("motd").contains("no tree"))
    #expect(try await TextSource(Array("a: [".utf8)).mistakes().first?.hasPrefix("-:") == true)
  }

  private func source(
    _ path: String = "", clock: any Clock<Duration> = ContinuousClock(),
    _ change: (inout DirectoryConfiguration) -> Void = { _ in }
  ) -> DirectorySource {
    var configuration = DirectoryConfiguration(path: folder.path(path))
    configuration.settle = clock is ContinuousClock ? .zero : .seconds(1)
    configuration.clock = clock
    // So that whatever is there has only just changed, however busy this machine is.
    if !(clock is ContinuousClock) { configuration.now = { Timestamp(nanoseconds: 0) } }
    change(&configuration)
    return DirectorySource(configuration)
  }
}

/// A clock whose sleeps take no time and do something instead.
private struct ActingClock: Clock {
  let act: @Sendable (Duration) -> Void
  private let start = ContinuousClock().now

  init(_ act: @escaping @Sendable (Duration) -> Void) { self.act = act }

  var now: ContinuousClock.Instant { start }
  var minimumResolution: Duration { .nanoseconds(1) }

  func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
    act(deadline - start)
  }
}
