import CTendFiles
import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("links on the way are followed only where nobody else could have made them")
struct WalkTests {
  @Test("Debian's own links, such as /bin, are followed")
  func systemLinks() async throws {
    let here = try Playground()
    let spec = try here.link("/bin/tend-test-that-is-not-there", to: "x")
    #expect(try await here.observe(spec) as Entry? == nil)
  }

  @Test("T14 a link of another user is refused, naming link and owner", .asRoot)
  func otherUsersLink() async throws {
    let here = try Playground(in: "/root")
    mkdir(here("real"), 0o755)
    symlink(here("real"), here("link"))
    try await here.reconcile(try here.file("link/f"))
    #expect(names(in: here("real")) == ["f"])
    lchown(here("link"), 65534, 65534)
    here.surroundings.advance(by: .seconds(1))
    let error = await failure { try await here.reconcile(try here.file("link/g")) }
    #expect(error?.code == .permanent)
    #expect(error?.message.contains("\(here("link")) belongs to nobody") == true)
    #expect(names(in: here("real")) == ["f"])
  }

  @Test(
    "T14 a link that lies where others can write is refused", .asRoot,
    arguments: [("0777", 0, 0), ("0775", 0, 0), ("1777", 0, 0), ("0755", 65534, 0)])
  func writableDirectory(mode: String, user: uid_t, group: gid_t) async throws {
    let here = try Playground(in: "/root")
    mkdir(here("real"), 0o755)
    mkdir(here("open"), 0o755)
    symlink(here("real"), here("open/link"))
    chmod(here("open"), mode_t(mode, radix: 8) ?? 0)
    chown(here("open"), user, group)
    let error = await failure { try await here.reconcile(try here.file("open/link/f")) }
    #expect(error?.message.contains(here("open/link")) == true)
    #expect(names(in: here("real")) == [])
    // Without a link on the way there is nothing to be led astray by.
    try await here.reconcile(try here.file("open/f"))
  }

  @Test("the last component is never followed")
  func lastComponent() async throws {
    let here = try Playground()
    try write("precious", to: here("target"))
    symlink("target", here("f"))
    try await here.reconcile(try here.file("f", "new"))
    #expect(text(of: here("target")) == "precious")
    #expect(text(of: here("f")) == "new")
    #expect(try status(of: here("f")).st_mode & S_IFMT == S_IFREG)
  }

  @Test("links in a circle are refused", .asRoot)
  func circle() async throws {
    let here = try Playground(in: "/root")
    symlink("b", here("a"))
    symlink("a", here("b"))
    let error = await failure { _ = try await here.observe(try here.file("a/f")) }
    #expect(error?.message.contains("lead on for too long") == true)
  }

  @Test("a file in the place of a directory is named")
  func fileOnTheWay() async throws {
    let here = try Playground()
    try write("", to: here("f"))
    let error = await failure { _ = try await here.observe(try here.file("f/g/h")) }
    #expect(error?.code == .permanent)
    #expect(error?.message.contains("\(here("f")) is a file, not a directory") == true)
  }

  @Test("T14 with a root no link leads out of it", arguments: ["/", "/../..", "../../../.."])
  func root(target: String) async throws {
    let outside = try Playground()
    let here = try Playground(.init(root: outside.path))
    symlink(target, outside("way"))
    let spec = try declare("File", "/way/f", .init([.init(key: "content", value: "x")]))
    try await here.reconcile(spec)
    #expect(names(in: outside.path) == ["f", "way"])
    #expect(try await here.reconcile(spec) == nil)
  }

  @Test("a root that does not exist yet is an error, not an empty world")
  func missingRoot() async throws {
    let here = try Playground(.init(root: "/tmp/tend-no-such-root"))
    let spec = try declare("File", "/f", .init([.init(key: "content", value: "x")]))
    let error = await failure { try await here.reconcile(spec) }
    #expect(error?.message.contains("/tmp/tend-no-such-root") == true)
  }

  @Test("T70 a directory that is swapped with a link all the time leads nobody astray", .asRoot)
  func swapRace() async throws {
    let here = try Playground(in: "/root")
    for name in ["protected", "home"] { mkdir(here(name), 0o755) }
    chown(here("home"), 65534, 65534)
    mkdir(here("home/d"), 0o755)
    chown(here("home/d"), 65534, 65534)
    symlink(here("protected"), here("home/l"))
    lchown(here("home/l"), 65534, 65534)
    try write("precious", to: here("protected/f"))
    let before = try status(of: here("protected/f"))

    let swapper = Swapper(here("home/d"), here("home/l"))
    let specs = try (0..<2).map {
      try here.file("home/d/f", "new\($0)", mode: "0666", ["owner": "65534"])
    }
    let link = try here.link("home/d/s", to: "x", ["owner": "65534"])
    var changes = 0
    var refusals = 0
    for round in 0..<600 {
      for spec in [specs[round % 2], link] {
        do {
          if try await here.reconcile(spec) != nil { changes += 1 }
        } catch {
          refusals += error.code == .permanent ? 1 : 0
        }
      }
      if round % 3 == 0 { _ = await failure { try await here.prune(specs[0]) } }
    }
    #expect(swapper.stop() > 1000)
    #expect(changes > 0)
    #expect(refusals > 0)
    #expect(names(in: here("protected")) == ["f"])
    #expect(text(of: here("protected/f")) == "precious")
    let after = try status(of: here("protected/f"))
    #expect(after.st_ctim.tv_nsec == before.st_ctim.tv_nsec)
    #expect(after.st_uid == 0)
  }
}

/// Exchanges two names over and over, on a thread of its own.
private final class Swapper: Sendable {
  private let state = NSCondition()
  nonisolated(unsafe) private var isStopped = false
  nonisolated(unsafe) private var rounds: Int?

  init(_ one: String, _ other: String) {
    Thread.detachNewThread { [self] in
      var rounds = 0
      while !state.withLock({ isStopped }) {
        if tend_exchange(AT_FDCWD, one, other) == 0 { rounds += 1 }
      }
      state.withLock {
        self.rounds = rounds
        state.broadcast()
      }
    }
  }

  func stop() -> Int {
    state.withLock {
      isStopped = true
      while rounds == nil { state.wait() }
      return rounds ?? 0
    }
  }
}
