import Tend
import TendEngine
import TestSupport
import Testing

@testable import TendGit

@Suite("A server made to harm")
struct HostileServerTests {
  let ground: Ground
  let server: TemporaryFolder

  init() async throws {
    ground = try await Ground()
    server = try TemporaryFolder("server")
    try await ground.repository.commit(["a.yaml": file("a")])
  }

  @Test("T49: a server that drips progress for good is given up at the fetch's deadline")
  func drip() async throws {
    let source = try await source(
      packing: "while echo still counting >&2; do sleep 0.05; done"
    ) { $0.fetchDeadline = .milliseconds(1500) }
    let clock = ContinuousClock()
    var error: SourceError?
    let took = try await clock.measure { error = try await source.failure() }
    #expect(error?.code == .unreachable, "\(error as Any)")
    #expect(error?.message.contains("was not fetched within") == true, "\(error as Any)")
    #expect(took < .seconds(60))
  }

  @Test("T16: a pack that is cut short, or is none, is refused and leaves nothing behind")
  func truncated() async throws {
    let noise = ground.repository.folder.path("noise")
    try await run("sh", ["-c", "head -c 600000 /dev/urandom > \(noise)"])
    try await ground.repository.commit("Noise")
    for program in ["\"$@\" | head -c 100000", "head -c 5000 /dev/zero", "true"] {
      let error = try await source(packing: program).failure()
      #expect(error.code != .cancelled, "\(error)")
    }
    let snapshot = try await source(packing: "exec \"$@\"").read()
    #expect(snapshot.names == ["a"])
    let packs = try ground.mirrors.names("\(try ground.mirror())/objects/pack")
    #expect(!packs.contains { $0.hasPrefix("tmp_") })
  }

  @Test("T16: a repository that outgrows its mirror is stopped, and the disk keeps its bound")
  func bulky() async throws {
    let known = try await ground.source().read().revision
    let noise = ground.repository.folder.path("noise")
    try await run("sh", ["-c", "head -c 9000000 /dev/urandom > \(noise)"])
    try await ground.repository.commit(["b.yaml": file("b")])
    let bounded = try ground.source { $0.mirrorBytes = 1 << 20 }
    let error = try await bounded.failure(after: known)
    #expect(error.code == .limit)
    #expect(error.remedy?.contains("smaller") == true)
    #expect(try await bounded.snapshot(of: known).names == ["a"])
    // One that sends slowly is stopped in the middle, and what it sent is cleared away.
    let slow = try await source(
      packing: "\"$@\" | (head -c 4000000; while sleep 0.05; do head -c 200000; done)"
    ) { $0.mirrorBytes = 2 << 20 }
    #expect(try await slow.failure().code == .limit)
    #expect(try await ground.source().read(after: known).names == ["a", "b"])
  }

  @Test("T16: of 500,000 branches and tags only the wanted one is fetched, in bounded time")
  func manyRefs() async throws {
    let id = try await ground.repository.head()
    let wanted = ["refs/heads/main", "refs/tags/v1.2.3"]
    let others =
      (0..<250_000).map { "refs/heads/other/\($0)" } + (0..<250_000).map { "refs/tags/0.0.\($0)" }
    let refs = (wanted + others).sorted().map { "\(id) \($0)\n" }.joined()
    try ground.repository.folder.write(
      "# pack-refs with: peeled fully-peeled sorted \n" + refs, to: ".git/packed-refs")
    let clock = ContinuousClock()
    let took = try await clock.measure {
      #expect(try await ground.source().read().names == ["a"])
      let versions = try ground.source { $0.reference = .semver("^1") }
      #expect(try await versions.read().revision.name == "v1.2.3")
    }
    #expect(took < .seconds(120))
    let fetched = try await run(
      "git", ["--git-dir=\(ground.mirrors.path(try ground.mirror()))", "for-each-ref"])
    #expect(fetched.split(separator: "\n").count == 2)
  }

  @Test("T16: names with newlines and control characters are names, and never reach a terminal")
  func oddNames() async throws {
    let good = try await ground.repository.blob(file("good"))
    let bad = try await ground.repository.blob("kind: [\n")
    let lines = [
      "100644 blob \(good)\t\"new\\nline.yaml\"", "100644 blob \(bad)\t\"esc\\033[31m.yaml\"",
    ]
    try await ground.repository.commit(tree: lines)
    guard case .invalid(let snapshot, let wrong) = try await ground.source().refresh(after: nil)
    else {
      Issue.record("a mistake was not seen")
      return
    }
    #expect(snapshot.names.contains("good"))
    #expect(!wrong.all.isEmpty)
    #expect(throws: SourceFileError.self) { try snapshot.tree.file(at: "new\nline") }
  }

  @Test("T16: a name that is not UTF-8 is an error that says in which directory")
  func invalidName() async throws {
    try await run(
      "bash", ["-c", #"mkdir web && echo x > $'web/\xff.txt'"#], in: ground.repository.folder.path)
    try await ground.repository.commit("Odd")
    let error = try await ground.source().failure()
    #expect(error.code == .corrupt)
    #expect(error.message.contains("/web"))
  }

  @Test("T16: a huge file is refused by its size, without its bytes")
  func bomb() async throws {
    try await run("truncate", ["--size=200M", ground.repository.folder.path("zeros.yaml")])
    try await run("truncate", ["--size=200M", ground.repository.folder.path("zeros")])
    try await ground.repository.commit("Zeros")
    guard case .invalid(let snapshot, let wrong) = try await ground.source().refresh(after: nil)
    else {
      Issue.record("it was taken in")
      return
    }
    #expect(wrong.all.map(\.place?.file) == ["zeros.yaml"])
    #expect(try snapshot.refusal("zeros").contains("209715200 bytes"))
  }

  @Test("a repository whose `.git` is a file that leads elsewhere is Git's to refuse or to follow")
  func gitFile() async throws {
    let folder = try TemporaryFolder("gitfile")
    try folder.write("gitdir: /nowhere\n", to: ".git")
    let error = try await ground.source(folder.path).failure()
    #expect(error.code == .missing || error.code == .unreachable, "\(error)")
  }

  /// A source on a server that makes its packs by a program of its own.
  private func source(
    packing program: String, _ change: (inout GitConfiguration) -> Void = { _ in }
  ) async throws -> GitSource {
    try server.write("#!/bin/sh\n\(program)\n", to: "pack")
    try server.write(
      "[safe]\n\tdirectory = *\n[uploadpack]\n\tpackObjectsHook = \(server.path("pack"))\n",
      to: "config")
    // Git hands over a host and a command; this is the host.
    try server.write(
      "#!/bin/sh\nshift\nGIT_CONFIG_GLOBAL=\(server.path("config")) exec sh -c \"$1\"\n", to: "ssh")
    try await run("chmod", ["755", server.path("pack"), server.path("ssh")])
    return try ground.source("host:\(ground.repository.folder.path)") {
      $0.environment = GitEnvironment { [server] name in
        switch name {
        case "GIT_SSH": server.path("ssh")
        case "GIT_SSH_VARIANT": "simple"
        default: name.hasPrefix("GIT_SSH") ? nil : variable(name)
        }
      }
      change(&$0)
    }
  }
}
