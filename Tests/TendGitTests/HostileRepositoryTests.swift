import Tend
import TendEngine
import TendGit
import TestSupport
import Testing

@Suite("A repository made to harm")
struct HostileRepositoryTests {
  let ground: Ground
  let outside: TemporaryFolder
  var canary: String { outside.path("canary") }

  init() async throws {
    ground = try await Ground()
    outside = try TemporaryFolder("outside")
  }

  @Test("T14: links lead nowhere, whether they stand for a manifest, a file or a folder")
  func links() async throws {
    try outside.write("secret-canary", to: "secret")
    try outside.write(file("stolen"), to: "stolen.yaml")
    let tree = ground.repository.folder
    try tree.link("secret", to: outside.path("secret"))
    try tree.link("up", to: "../../../../../../etc/passwd")
    try tree.link("folder", to: outside.path)
    try tree.link("inner", to: "a.txt")
    try await ground.repository.commit(["a.yaml": file("a"), "a.txt": "a"])
    let snapshot = try await ground.source().read()
    #expect(snapshot.names == ["a"])
    for path in ["secret", "up", "inner", "folder/secret", "folder"] {
      let refusal = try snapshot.refusal(path)
      #expect(refusal.contains("link"), "\(path)")
      #expect(!refusal.contains("canary"))
    }
    #expect(try await snapshot.text("a.txt") == "a")
  }

  @Test("T14: a manifest that is a link is an error with its name")
  func linkedManifest() async throws {
    try ground.repository.folder.link("b.yaml", to: "a.txt")
    try await ground.repository.commit(["a.txt": file("a")])
    let mistakes = try await ground.source().mistakes()
    #expect(mistakes.count == 1)
    #expect(mistakes.first?.hasPrefix("b.yaml:1:1: error: is a symbolic link") == true)
  }

  @Test("T14: the tree's settings as a link are an error, and nothing is declared")
  func linkedSettings() async throws {
    try ground.repository.folder.link("tend.yaml", to: "a.yaml")
    try await ground.repository.commit(["a.yaml": file("a")])
    #expect(try await ground.source().mistakes().first?.hasPrefix("tend.yaml:1:1") == true)
  }

  @Test("T14: a path that leads out of the tree finds nothing")
  func upward() async throws {
    try await ground.repository.commit(["a.yaml": file("a"), "web/b.yaml": file("b")])
    let snapshot = try await ground.source { $0.path = "web" }.read()
    for path in ["../a.yaml", "/etc/passwd", "..", ".", "", "b.yaml/"] {
      #expect(throws: SourceFileError.self) { try snapshot.tree.file(at: path) }
    }
  }

  @Test("T16: a submodule with an odd URL is never fetched, and a file in it is an error")
  func submodule() async throws {
    let commit = try await ground.repository.commit(["a.yaml": file("a")])
    let blob = try await ground.repository.blob(file("a"))
    let modules = try await ground.repository.blob(
      "[submodule \"x\"]\n\tpath = sub\n\turl = --upload-pack=touch \(canary)\n"
        + "\tupdate = !touch \(canary)\n"
    )
    try await ground.repository.commit(tree: [
      "100644 blob \(modules)\t.gitmodules", "100644 blob \(blob)\ta.yaml",
      "160000 commit \(commit)\tsub", "160000 commit \(commit)\tsub.yaml",
    ])
    guard
      case .invalid(let snapshot, let diagnostics) = try await ground.source().refresh(after: nil)
    else {
      Issue.record("a submodule was taken for a manifest")
      return
    }
    #expect(diagnostics.all.map(\.place?.file) == ["sub.yaml"])
    #expect(try snapshot.refusal("sub").contains("submodule"))
    #expect(try snapshot.refusal("sub/file").contains("submodule"))
    #expect(!outside.exists("canary"))
  }

  @Test("T16: files named .git are names like others, and only Git reads a repository's own")
  func dotGit() async throws {
    let config = try await ground.repository.blob("[core]\n\tfsmonitor = touch \(canary)\n")
    let inner = try await ground.repository.git("mktree", input: "100644 blob \(config)\tconfig\n")
    let blob = try await ground.repository.blob(file("a"))
    try await ground.repository.commit(tree: [
      "040000 tree \(inner)\t.git", "100644 blob \(config)\t.gitattributes",
      "100644 blob \(blob)\ta.yaml",
    ])
    #expect(try await ground.source().read().names == ["a"])
    #expect(!outside.exists("canary"))
  }

  @Test("T16: filters, hooks and attributes of a repository never run")
  func filters() async throws {
    let repository = ground.repository
    try repository.folder.write(
      "*.yaml filter=evil diff=evil\n* text eol=crlf\n", to: ".gitattributes")
    try await repository.commit(["a.yaml": file("a")])
    for name in ["smudge", "clean", "process"] {
      try await repository.git("config", "filter.evil.\(name)", "touch \(canary)")
    }
    try await repository.git("config", "diff.evil.textconv", "touch \(canary)")
    try await repository.git("config", "core.fsmonitor", "touch \(canary)")
    for hook in ["post-upload-pack", "post-checkout", "pre-receive", "reference-transaction"] {
      try repository.folder.write("#!/bin/sh\ntouch \(canary)\n", to: ".git/hooks/\(hook)")
      try await run("chmod", ["755", repository.folder.path(".git/hooks/\(hook)")])
    }
    let snapshot = try await ground.source().read()
    #expect(try await snapshot.text("a.yaml") == file("a"))
    #expect(!outside.exists("canary"))
  }

  @Test("T16: hooks that got into the mirror never run")
  func hooksInMirror() async throws {
    try await ground.repository.commit(["a.yaml": file("a")])
    let before = try await ground.source().read()
    for hook in ["reference-transaction", "post-fetch", "pre-auto-gc", "post-index-change"] {
      let path = "\(try ground.mirror())/hooks/\(hook)"
      try ground.mirrors.write("#!/bin/sh\ntouch \(canary)\n", to: path)
      try await run("chmod", ["755", ground.mirrors.path(path)])
    }
    try await ground.repository.commit(["b.yaml": file("b")])
    #expect(try await ground.source().read(after: before.revision).names == ["a", "b"])
    #expect(!outside.exists("canary"))
  }

  @Test("T16: an LFS pointer is no file's content")
  func lfs() async throws {
    let pointer = """
      version https://git-lfs.github.com/spec/v1
      oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
      size 12345

      """
    try await ground.repository.commit(["a.yaml": file("a"), "big.bin": pointer])
    let snapshot = try await ground.source().read()
    #expect(try snapshot.refusal("big.bin").contains("LFS pointer"))
  }

  @Test("T16: names that differ in case alone are two files")
  func caseColliding() async throws {
    let one = try await ground.repository.blob(file("one"))
    let two = try await ground.repository.blob(file("two"))
    try await ground.repository.commit(tree: [
      "100644 blob \(one)\tFILE.yaml", "100644 blob \(two)\tfile.yaml",
    ])
    #expect(try await ground.source().read().names == ["one", "two"])
  }

  @Test(
    "T16: a tree with a name twice or a path in a name is refused whole",
    arguments: [["a.yaml", "a.yaml"], ["..", "a.yaml"], ["."], ["a/b.yaml"]])
  func oddNames(_ names: [String]) async throws {
    let blob = try await ground.repository.blob(file("a"))
    var bytes: [UInt8] = []
    for name in names {
      bytes += Array("100644 \(name)\0".utf8) + Self.raw(blob)
    }
    try ground.mirrors.write(bytes, to: "tree")
    let tree = try await ground.repository.git(
      "hash-object", "-t", "tree", "-w", "--literally", ground.mirrors.path("tree"))
    try ground.mirrors.remove("tree")
    let commit = try await ground.repository.git("commit-tree", tree, "-m", "Odd")
    try await ground.repository.git("update-ref", "refs/heads/main", commit)
    #expect(try await ground.source().failure().code == .corrupt)
  }

  @Test("T16: bounds on entries, depth and sizes are errors that name them")
  func limits() async throws {
    var files = Dictionary(uniqueKeysWithValues: (0..<20).map { ("f/\($0)", "\($0)") })
    files["a/b/c/d/e.yaml"] = file("deep")
    files["big"] = String(repeating: "x", count: 5000)
    try await ground.repository.commit(files)
    let few = try await ground.source { $0.limits.entries = 10 }.failure()
    #expect(few.code == .limit)
    #expect(few.message.contains("10 files"))
    let flat = try await ground.source { $0.limits.depth = 3 }.failure()
    #expect(flat.code == .limit)
    let snapshot = try await ground.source { $0.limits.fileBytes = 4096 }.read()
    #expect(try snapshot.refusal("big").contains("5000 bytes"))
  }

  @Test("T16: a manifest above the limit is refused by its size, unread")
  func largeManifest() async throws {
    try await ground.repository.commit([
      "a.yaml": file("a"), "big.yaml": String(repeating: "# comment\n", count: 600_000),
    ])
    let mistakes = try await ground.source().mistakes()
    #expect(mistakes.count == 1)
    #expect(mistakes.first?.hasPrefix("big.yaml:") == true)
  }

  @Test("a repository with SHA-256 ids is refused with a remedy")
  func sha256() async throws {
    let folder = try TemporaryFolder("sha256")
    try await run("git", ["init", "--quiet", "-b", "main", "--object-format=sha256", folder.path])
    try await run(
      "git", ["commit", "--quiet", "--allow-empty", "-m", "x"], in: folder.path,
      environment: GitRepository.environment)
    let error = try await ground.source(folder.path).failure()
    #expect(error.code == .corrupt, "\(error)")
    #expect(error.remedy?.contains("SHA-1") == true)
  }

  private static func raw(_ hex: String) -> [UInt8] {
    stride(from: 0, to: hex.utf8.count, by: 2).compactMap { offset in
      UInt8(String(decoding: Array(hex.utf8)[offset..<offset + 2], as: UTF8.self), radix: 16)
    }
  }
}
