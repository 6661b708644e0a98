import Tend
import TendEngine
import TendGit
import TestSupport
import Testing

@Suite("The mirror of a repository")
struct MirrorTests {
  let ground: Ground

  init() async throws {
    ground = try await Ground()
    try await ground.repository.commit(["a.yaml": file("a"), "a.txt": "first"])
  }

  @Test("T28: locks and packs that a killed git left behind are cleared away")
  func staleLocks() async throws {
    let before = try await ground.source().read()
    let mirror = try ground.mirror()
    let ref = try #require(try ground.mirrors.names("\(mirror)/refs/tend/remote").first)
    let left = [
      "HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock",
      "refs/tend/remote/\(ref).lock", "objects/info/commit-graph.lock",
      "objects/pack/tmp_pack_Xy12ab", "objects/pack/.tmp-1-pack-1.pack", "objects/tmp_objdir-1/x",
      "objects/maintenance.lock",
    ].map { "\(mirror)/\($0)" }
    for path in left { try ground.mirrors.write("left", to: path) }
    // A pid that lives, of another program: git itself would wait for it for half a day.
    try ground.mirrors.write("1 \(try await run("hostname", []))\n", to: "\(mirror)/gc.pid")
    try await ground.repository.commit(["b.yaml": file("b")])
    #expect(try await ground.source().read(after: before.revision).names == ["a", "b"])
    for path in left + ["\(mirror)/gc.pid"] { #expect(!ground.mirrors.exists(path), "\(path)") }
  }

  @Test("T28: a mirror that another process works on is left alone until that has ended")
  func held() async throws {
    let before = try await ground.source().read()
    let mirror = try ground.mirror()
    let home = String(mirror.prefix { $0 != "/" })
    try ground.mirrors.write("left", to: "\(mirror)/HEAD.lock")
    try await ground.repository.commit(["b.yaml": file("b")])
    let source = try ground.source { $0.progressDeadline = .milliseconds(200) }
    try await whileLocked(ground.mirrors.path("\(home)/lock")) {
      let error = try await source.failure(after: before.revision)
      #expect(error.code == .host)
      #expect(error.message.contains(home))
      #expect(ground.mirrors.exists("\(mirror)/HEAD.lock"))
    }
    #expect(try await ground.source().read(after: before.revision).names == ["a", "b"])
  }

  @Test(
    "a mirror that is damaged is set aside and fetched anew",
    arguments: [
      "HEAD emptied", "HEAD gone", "config garbage", "objects gone", "refs gone", "ref garbage",
      "all empty",
    ])
  func damaged(_ damage: String) async throws {
    let before = try await ground.source().read()
    let mirror = try ground.mirror()
    try await hurt(mirror, damage)
    try await ground.repository.commit(["b.yaml": file("b")])
    let after = try await ground.source().read(after: before.revision)
    #expect(after.names == ["a", "b"])
    #expect(try await after.text("a.txt") == "first")
  }

  @Test("an object that is damaged is found when it is read, and the next refresh mends it")
  func damagedObject() async throws {
    let before = try await ground.source().read()
    let mirror = try ground.mirror()
    let blob = try await ground.repository.git("rev-parse", "HEAD:a.yaml")
    let path = "\(mirror)/objects/\(blob.prefix(2))/\(blob.dropFirst(2))"
    try ground.mirrors.remove(path)
    try ground.mirrors.write("garbage", to: path)
    let source = try ground.source()
    do {
      _ = try await source.snapshot(of: before.revision)
      Issue.record("a damaged object was read")
    } catch {
      #expect(error.code == .corrupt)
    }
    #expect(try await source.read().names == ["a"])
    #expect(try await source.snapshot(of: before.revision).names == ["a"])
  }

  @Test("T36: what is read is what its commit holds, while commits arrive and others fetch")
  func concurrent() async throws {
    let repository = ground.repository
    let sources = [try ground.source(), try ground.source()]
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for index in 0..<12 {
          try await repository.commit(["a.yaml": file("a", "v\(index)"), "a.txt": "v\(index)"])
        }
      }
      for source in sources {
        group.addTask {
          var known: Revision?
          for _ in 0..<12 {
            guard case .changed(let snapshot) = try await source.refresh(after: known) else {
              continue
            }
            known = snapshot.revision
            let text = try await snapshot.text("a.txt")
            let expected = try await repository.git("show", "\(snapshot.revision.id):a.txt")
            #expect(text == expected)
            let declared = snapshot.declarations.first?.spec.value(at: "content")
            #expect(text == "first" || declared == .string(text))
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("a git that is killed while it fetches is no more than a failed refresh")
  func killed() async throws {
    let noise = ground.repository.folder.path("noise")
    try await run("sh", ["-c", "head -c 6000000 /dev/urandom > \(noise)"])
    try await ground.repository.commit("Noise")
    let mirrors = ground.mirrors.path
    for delay in [5, 20, 40, 80, 120] {
      let source = try ground.source()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          do {
            _ = try await source.refresh(after: nil)
          } catch let error as SourceError {
            #expect(error.code != .corrupt, "\(error)")
          }
        }
        group.addTask {
          try await ContinuousClock().sleep(for: .milliseconds(delay))
          killGit(working: mirrors)
        }
        try await group.waitForAll()
      }
    }
    let snapshot = try await ground.source().read()
    #expect(snapshot.names == ["a"])
    #expect(try snapshot.tree.file(at: "noise").size == 6_000_000)
    let packs = try ground.mirrors.names("\(try ground.mirror())/objects/pack")
    #expect(!packs.contains { $0.hasPrefix("tmp_") })
  }

  @Test("packs that gather are packed into one, but never while somebody reads")
  func packed() async throws {
    let revision = try await ground.source().read().revision
    try await gatherPacks()
    let home = try ground.mirror().prefix { $0 != "/" }
    try await whileLocked(ground.mirrors.path("\(home)/readers"), shared: true) {
      _ = try await ground.source().refresh(after: revision)
      #expect(try packs() >= 52)
    }
    _ = try await ground.source().refresh(after: revision)
    #expect(try packs() < 5)
    #expect(try await ground.source().snapshot(of: revision).names == ["a"])
  }

  @Test("T03: what an older revision is still made of stays, whatever is fetched and packed since")
  func inUse() async throws {
    try await ground.repository.commit(["old.txt": "old"])
    let older = try await ground.source().read()
    try await ground.repository.git("rm", "--quiet", "old.txt")
    try await ground.repository.commit("Without it")
    try await gatherPacks()
    _ = try await ground.source().read(after: older.revision)
    #expect(try packs() < 5, "it was packed meanwhile")
    let bytes = try await older.tree.file(at: "old.txt").read()
    #expect(String(decoding: bytes, as: UTF8.self) == "old")
    let again = try await ground.source().snapshot(of: older.revision)
    #expect(try again.tree.file(at: "old.txt").size == 3)
  }

  /// More packs than are left alone.
  private func gatherPacks() async throws {
    let mirror = ground.mirrors.path(try ground.mirror())
    for index in 0..<52 {
      let blob = try await run(
        "git", ["-C", mirror, "hash-object", "-w", "--stdin"], input: "\(index)")
      try await run(
        "git", ["-C", mirror, "pack-objects", "-q", "objects/pack/pack"], in: mirror, input: blob)
    }
    #expect(try packs() >= 52)
  }

  private func packs() throws -> Int {
    try ground.mirrors.names("\(try ground.mirror())/objects/pack").count {
      $0.hasSuffix(".pack")
    }
  }

  @Test("nobody but the agent's user may look into the mirrors")
  func permissions() async throws {
    let below = ground.mirrors.path("below")
    _ = try await ground.source { $0.mirrors = below }.read()
    #expect(try await run("stat", ["-c", "%a", below]) == "700")
  }

  private func hurt(_ mirror: String, _ damage: String) async throws {
    let folder = ground.mirrors
    switch damage {
    case "HEAD emptied": try folder.write("", to: "\(mirror)/HEAD")
    case "HEAD gone": try folder.remove("\(mirror)/HEAD")
    case "config garbage": try folder.write("[core\n\u{0}garbage", to: "\(mirror)/config")
    case "objects gone":
      try folder.remove("\(mirror)/objects")
      try folder.write("", to: "\(mirror)/objects/info/x")
    case "refs gone": try folder.remove("\(mirror)/refs")
    case "ref garbage":
      let ref = try #require(try folder.names("\(mirror)/refs/tend/remote").first)
      try folder.write("garbage\n", to: "\(mirror)/refs/tend/remote/\(ref)")
    default:
      for name in try folder.names(mirror) { try folder.remove("\(mirror)/\(name)") }
    }
  }
}
