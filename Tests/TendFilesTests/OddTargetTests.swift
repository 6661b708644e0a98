import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("an odd target gets a precise error and never hangs")
struct OddTargetTests {
  @Test(
    "T71 what is no file, directory or link is refused by name",
    arguments: [
      ("f", "a named pipe (FIFO)"), ("s", "a socket"), ("c", "a character device"),
      ("b", "a block device"),
    ])
  func special(name: String, words: String) async throws {
    let here = try Playground()
    switch name {
    case "f": mkfifo(here(name), 0o666)
    case "s": try makeSocket(here(name))
    case "c": mknod(here(name), S_IFCHR | 0o666, 0x0103)
    default: mknod(here(name), S_IFBLK | 0o600, 0x0701)
    }
    guard access(here(name), F_OK) == 0 else { return }  // Only root may make devices.
    for spec in [try here.file(name), try here.directory(name), try here.link(name, to: "x")] {
      let error = await failure { try await here.reconcile(spec) }
      #expect(error?.code == .permanent)
      #expect(error?.message.contains("\(here(name)) is \(words)") == true)
      #expect(error?.remedy == "remove it, or choose another path")
    }
  }

  private func makeSocket(_ path: String) throws {
    let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0)
  }

  @Test("T71 a directory that is not empty is in the way of a file, and its content is named")
  func directoryInTheWay() async throws {
    let here = try Playground()
    mkdir(here("d"), 0o755)
    try write("", to: here("d/stranger\n"))
    let error = await failure { try await here.reconcile(try here.file("d")) }
    #expect(error?.code == .permanent)
    #expect(error?.message.contains(#""stranger\n""#) == true)
    #expect(names(in: here.path) == ["d"])
  }

  @Test("T71 T08b an immutable file is named, stays, and is changed once it may be", .asRoot)
  func immutable() async throws {
    let here = try Playground(in: "/root")
    let old = try here.file("f", "old")
    try await here.reconcile(old)
    try #require(try run("chattr", "+i", here("f")) == 0)
    defer { _ = try? run("chattr", "-i", here("f")) }
    let spec = try here.file("f", "new", mode: "0600")
    for body in [
      { _ = try await here.reconcile(spec) }, { _ = try await here.prune(old) },
      { _ = try await here.reconcile(spec, ignoring: ["content"]) },
    ] as [() async throws -> Void] {
      let error = await failure(body)
      #expect(error?.code == .notPermitted)
      #expect(error?.message.contains("\(here("f")) is immutable") == true)
      #expect(error?.remedy == "run chattr -i \(here("f"))")
    }
    #expect(names(in: here.path) == ["f"])
    try run("chattr", "-i", here("f"))
    try await here.reconcile(spec)
    #expect(try await here.prune(spec) == .done)
  }

  @Test("T71 a directory that nobody may write in is named", .asRoot)
  func immutableDirectory() async throws {
    let here = try Playground(in: "/root")
    mkdir(here("d"), 0o755)
    try #require(try run("chattr", "+i", here("d")) == 0)
    defer { _ = try? run("chattr", "-i", here("d")) }
    let error = await failure { try await here.reconcile(try here.file("d/f")) }
    #expect(error?.message.contains("\(here("d")) is immutable") == true)
  }

  @Test("T24 T71 a full disk is an error that names the file, and passes", .asRoot)
  func fullDisk() async throws {
    let here = try Playground()
    mkdir(here("m"), 0o755)
    try #require(try run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", here("m")) == 0)
    defer { _ = try? run("umount", "-l", here("m")) }
    let spec = try here.file("m/f", String(repeating: "x", count: 600 << 10))
    try await here.reconcile(spec)
    let larger = try here.file("m/f", String(repeating: "y", count: 600 << 10))
    let error = await failure { try await here.reconcile(larger) }
    #expect(error?.code == .transient)
    #expect(error?.message.contains("no space left") == true)
    #expect(error?.remedy?.contains(here("m/f")) == true)
    #expect(names(in: here("m")) == ["f"])
    #expect(text(of: here("m/f"))?.first == "x")
    try run("mount", "-o", "remount,size=4m", here("m"))
    try await here.reconcile(larger)
    #expect(text(of: here("m/f"))?.first == "y")
  }

  @Test("T71 a file system that is mounted read-only is a lasting error", .asRoot)
  func readOnly() async throws {
    let here = try Playground()
    mkdir(here("m"), 0o755)
    try #require(try run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", here("m")) == 0)
    defer { _ = try? run("umount", "-l", here("m")) }
    for spec in [try here.file("m/f"), try here.directory("m/d"), try here.link("m/l", to: "x")] {
      let error = await failure { try await here.reconcile(spec) }
      #expect(error?.code == .permanent)
      #expect(error?.message.contains("read-only file system") == true)
    }
  }

  @Test("T76 a mount point is refused with the remedy, which then works", .asRoot)
  func mountPoint() async throws {
    let here = try Playground()
    for name in ["f", "other"] { try write("old", to: here(name)) }
    try #require(try run("mount", "--bind", here("other"), here("f")) == 0)
    defer { _ = try? run("umount", "-l", here("f")) }
    let error = await failure { try await here.reconcile(try here.file("f", "new")) }
    #expect(error?.code == .permanent)
    #expect(error?.remedy?.contains("replace: inPlace") == true)
    #expect(names(in: here.path) == ["f", "other"])
    let spec = try here.file("f", "new", mode: "0600", ["replace": "inPlace"])
    try await here.reconcile(spec)
    #expect(text(of: here("other")) == "new")
    #expect(try mode(of: here("other")) == "0600")
    #expect(try await here.reconcile(spec) == nil)
  }

  @Test("T76 a file on another mount is replaced there", .asRoot)
  func otherMount() async throws {
    let here = try Playground()
    mkdir(here("m"), 0o755)
    try #require(try run("mount", "-t", "tmpfs", "tmpfs", here("m")) == 0)
    defer { _ = try? run("umount", "-l", here("m")) }
    for content in ["old", "new"] { try await here.reconcile(try here.file("m/f", content)) }
    #expect(text(of: here("m/f")) == "new")
    let error = await failure { try await here.prune(try here.directory("m")) }
    #expect(error?.code == .permanent || text(of: here("m/f")) == "new")
  }

  @Test("T71 the other name of a hard link keeps the old content, and the links are told")
  func hardLink() async throws {
    let here = try Playground()
    try write("old", to: here("other"))
    link(here("other"), here("f"))
    let spec = try here.file("f", "new")
    let entry = try #require(try await here.observe(spec))
    #expect(entry.details.contains(Detail("links", 2)))
    try await here.reconcile(spec)
    #expect(text(of: here("other")) == "old")
    #expect(text(of: here("f")) == "new")
  }

  @Test("in place the file stays the same one, longer or shorter")
  func inPlace() async throws {
    let here = try Playground()
    try write("something long", to: here("f"))
    let before = try status(of: here("f"))
    for content in ["short", "and something much longer"] {
      try await here.reconcile(try here.file("f", content, ["replace": "inPlace"]))
      #expect(text(of: here("f")) == content)
    }
    #expect(try status(of: here("f")).st_ino == before.st_ino)
    #expect(names(in: here.path) == ["f"])
  }

  @Test(
    "T73 in place neither old nor new content is open to more than both modes allow", .asRoot,
    arguments: [("0644", "0600"), ("0600", "0644")])
  func inPlaceWindow(old: String, new: String) async throws {
    let here = try Playground()
    mkdir(here("m"), 0o755)
    try #require(try run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", here("m")) == 0)
    defer { _ = try? run("umount", "-l", here("m")) }
    try await here.reconcile(try here.file("m/f", "old", mode: old))
    let text = String(repeating: "x", count: 2 << 20)
    let spec = try here.file("m/f", text, mode: new, ["replace": "inPlace"])
    // The disk fills up in the middle, which shows the mode that the file has meanwhile.
    #expect(await failure { try await here.reconcile(spec) }?.code == .transient)
    #expect(try mode(of: here("m/f")) == "0600")
  }

  @Test("an update never turns one kind into another")
  func updateKeepsKind() async throws {
    let here = try Playground()
    symlink("x", here("f"))
    let spec = try here.file("f")
    let current = try #require(try await here.observe(spec))
    let differences = spec.differences(from: current).filter { !$0.forcesReplacement }
    let error = await failure { _ = try await here.apply(here.plan(spec, current, differences)) }
    #expect(error?.code == .permanent)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: here("f")) == "x")
  }

  @Test("T75 names with newlines, and of 255 bytes, are kept exactly")
  func names255() async throws {
    let here = try Playground()
    for name in [
      "a\nb", String(repeating: "n", count: 255), String(repeating: "é", count: 127), "...",
    ] {
      try await here.reconcile(try here.file(name, "x"))
      try await here.reconcile(try here.file(name, "y"))
      #expect(names(in: here.path) == [name])
      try await here.prune(try here.file(name, "y"))
    }
  }

  @Test("T75 a path of 4,000 bytes and 1,900 levels converges")
  func deep() async throws {
    let here = try Playground()
    var path = here.path
    while path.utf8.count < 3990 {
      path += "/d"
      mkdir(path, 0o755)
    }
    let spec = try here.file("\(path)/f", "deep")
    try await here.reconcile(spec)
    #expect(text(of: "\(path)/f") == "deep")
    #expect(spec.prerequisites.count > 1900)
    try run("rm", "-rf", here("d"))
  }
}
