import CTendAgent
import Glibc
import Synchronization
import Tend
import TestSupport
import Testing

@testable import TendAgent

@Suite("Backups")
struct BackupTests {
  /// A world with files and a state directory on the same file system.
  private struct Fixture {
    let folder: TemporaryFolder
    let backups: BackupDirectory
    let clock: Wall
    let directory: Descriptor

    init(rotation: BackupRotation = BackupRotation()) throws {
      let clock = Wall()
      self.clock = clock
      folder = try TemporaryFolder()
      mkdir(folder.path("world"), 0o755)
      backups = BackupDirectory(
        at: folder.path("backups"), rotation: rotation, now: { clock.now })
      directory = Descriptor(open(folder.path("world"), O_RDONLY | O_DIRECTORY))
    }

    func keep(
      _ name: String, move: Bool = false, durable: Bool = true, adopted: Bool = false
    ) throws {
      try backups.keep(
        BackupRequest(
          directory: directory.raw, name: name, path: "/world/" + name, mayMove: move,
          durable: durable, adopted: adopted))
    }

    func records(of name: String) -> [BackupRecord] { backups.backups(of: "/world/" + name) }

    func bytes(of record: BackupRecord) throws -> [UInt8] {
      let folderName = BackupFolder.name(for: record.path)
      let path = folder.path("backups/\(folderName)/\(record.number).data")
      let file = Descriptor(open(path, O_RDONLY))
      var bytes = [UInt8](repeating: 0, count: 1 << 20)
      let count = read(file.raw, &bytes, bytes.count)
      return Array(bytes.prefix(max(0, count)))
    }
  }

  private final class Wall: Sendable {
    private let time = Mutex(noon)
    var now: Timestamp { time.withLock { $0 } }
    func advance(days: Int64) {
      time.withLock {
        $0 = Timestamp(nanoseconds: $0.nanoseconds + days * 86_400 * 1_000_000_000)
      }
    }
  }

  @Test("a copy has the bytes and all that is needed to bring the file back as it was")
  func copy() throws {
    let fixture = try Fixture()
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    try fixture.folder.write(bytes, to: "world/motd")
    chmod(fixture.folder.path("world/motd"), 0o4640)
    let value: [UInt8] = [1, 2, 255]
    let hasAttributes =
      setxattr(fixture.folder.path("world/motd"), "user.tend", value, value.count, 0) == 0
    try fixture.keep("motd", adopted: true)
    let record = try #require(fixture.records(of: "motd").first)
    #expect(try fixture.bytes(of: record) == bytes)
    #expect(record.mode == 0o4640)
    #expect(record.owner == geteuid())
    #expect(record.size == 100_000)
    #expect(record.isAdopted)
    #expect(record.time == noon)
    if hasAttributes { #expect(record.attributes["user.tend"] == "0102ff") }
    #expect(fixture.folder.exists("world/motd"))
  }

  @Test("what is about to be deleted is moved, and closed to others")
  func move() throws {
    let fixture = try Fixture()
    try fixture.folder.write("open", to: "world/motd")
    chmod(fixture.folder.path("world/motd"), 0o644)
    try fixture.keep("motd", move: true)
    #expect(!fixture.folder.exists("world/motd"))
    let record = try #require(fixture.records(of: "motd").first)
    #expect(record.mode == 0o644)
    #expect(try fixture.bytes(of: record) == Array("open".utf8))
    let name = BackupFolder.name(for: record.path)
    #expect(mode(of: fixture.folder.path("backups")) == 0o700)
    #expect(mode(of: fixture.folder.path("backups/\(name)")) == 0o700)
    for file in try fixture.folder.names("backups/\(name)") {
      #expect(mode(of: fixture.folder.path("backups/\(name)/\(file)")) == 0o600)
    }
  }

  @Test("a file with a second name is copied, so that the other name keeps its mode")
  func hardLink() throws {
    let fixture = try Fixture()
    try fixture.folder.write("shared", to: "world/motd")
    chmod(fixture.folder.path("world/motd"), 0o644)
    link(fixture.folder.path("world/motd"), fixture.folder.path("world/other"))
    try fixture.keep("motd", move: true)
    #expect(mode(of: fixture.folder.path("world/other")) == 0o644)
    #expect(fixture.records(of: "motd").count == 1)
  }

  @Test("a link is kept by its target, without following it")
  func symbolicLink() throws {
    let fixture = try Fixture()
    try fixture.folder.link("world/link", to: "/etc/shadow")
    try fixture.keep("link")
    let record = try #require(fixture.records(of: "link").first)
    #expect(record.kind == .link)
    #expect(record.target == "/etc/shadow")
  }

  @Test("what has no content, and what is not there, needs no backup and does not hang (T71)")
  func odd() throws {
    let fixture = try Fixture()
    mkfifo(fixture.folder.path("world/pipe"), 0o600)
    mkdir(fixture.folder.path("world/folder"), 0o755)
    for name in ["pipe", "folder", "nothing"] {
      try fixture.keep(name)
      #expect(fixture.records(of: name).isEmpty, "\(name)")
    }
  }

  @Test("a file larger than all backups together is refused, and stays")
  func large() throws {
    var rotation = BackupRotation()
    rotation.totalBytes = 1000
    let fixture = try Fixture(rotation: rotation)
    try fixture.folder.write([UInt8](repeating: 1, count: 1001), to: "world/motd")
    let error = #expect(throws: ProviderError.self) { try fixture.keep("motd", move: true) }
    #expect(error?.code == .permanent)
    #expect(error?.remedy != nil)
    #expect(fixture.folder.exists("world/motd"))
  }

  @Test("of one path the last five are kept, and the first where it was adopted")
  func rotation() throws {
    let fixture = try Fixture()
    for version in 1...9 {
      try fixture.folder.write("version \(version)", to: "world/motd")
      try fixture.keep("motd", adopted: version == 1)
    }
    let kept = try fixture.records(of: "motd").map {
      String(decoding: try fixture.bytes(of: $0), as: UTF8.self)
    }
    #expect(kept == [1, 5, 6, 7, 8, 9].map { "version \($0)" })
  }

  @Test("what the backup of a repair pushes out goes once the repair is done, or with the next one")
  func rotationOfRepairs() throws {
    let fixture = try Fixture()
    func keep(_ count: Int) throws {
      for _ in 0..<count {
        try fixture.folder.write("version", to: "world/motd")
        try fixture.keep("motd", durable: false)
      }
    }
    try keep(6)
    #expect(fixture.records(of: "motd").map(\.number) == [1, 2, 3, 4, 5, 6])
    fixture.backups.rotate()
    #expect(fixture.records(of: "motd").map(\.number) == [2, 3, 4, 5, 6])
    try keep(2)
    #expect(fixture.records(of: "motd").map(\.number) == [3, 4, 5, 6, 7, 8])
  }

  @Test("the files of what a repair pushes out are written over, unless others may hold them")
  func spares() throws {
    let fixture = try Fixture()
    let name = BackupFolder.name(for: "/world/motd")
    let folder = "backups/\(name)"
    try fixture.folder.write(String(repeating: "long ", count: 100), to: "world/motd")
    try fixture.keep("motd", move: true)
    for version in 2...9 {
      try fixture.folder.write("version \(version)", to: "world/motd")
      try fixture.keep("motd", durable: false)
      fixture.backups.rotate()
      let spares = try fixture.folder.names(folder).filter { $0.hasPrefix("spare") }
      #expect(spares.count == (version < 7 ? 0 : 2), "the moved one is removed: \(version)")
    }
    let kept = try fixture.records(of: "motd").map {
      String(decoding: try fixture.bytes(of: $0), as: UTF8.self)
    }
    #expect(kept == (5...9).map { "version \($0)" })
    fixture.clock.advance(days: 31)
    fixture.backups.sweep { _ in true }
    #expect(!fixture.folder.exists(folder))
    try fixture.keep("motd", durable: false)
    BackupDirectory(at: fixture.folder.path("backups")).removeTraces()
    #expect(try fixture.folder.names(folder).count == 2)
  }

  @Test("after thirty days they go; the first of an adopted path once it is no longer owned")
  func expiry() throws {
    let fixture = try Fixture()
    for name in ["owned", "forgotten", "ordinary"] {
      try fixture.folder.write(name, to: "world/\(name)")
      try fixture.keep(name, adopted: name != "ordinary")
    }
    fixture.clock.advance(days: 30)
    fixture.backups.sweep { $0 == "/world/owned" }
    #expect(fixture.records(of: "ordinary").count == 1)
    fixture.clock.advance(days: 1)
    fixture.backups.sweep { $0 == "/world/owned" }
    #expect(fixture.records(of: "owned").count == 1)
    #expect(fixture.records(of: "forgotten").isEmpty)
    #expect(fixture.records(of: "ordinary").isEmpty)
  }

  @Test("T20 numbers go on after a restart, and the traces of a crash are no backups and go")
  func restart() throws {
    let fixture = try Fixture()
    try fixture.folder.write("one", to: "world/motd")
    try fixture.keep("motd")
    let name = BackupFolder.name(for: "/world/motd")
    try fixture.folder.remove("backups/\(name)/1.data")
    try fixture.folder.write("half", to: "backups/\(name)/2.data.new")
    try fixture.folder.write("{", to: "backups/\(name)/2.json.new")
    let restarted = BackupDirectory(at: fixture.folder.path("backups"))
    #expect(restarted.backups(of: "/world/motd").isEmpty)
    #expect(try fixture.folder.names("backups/\(name)").count == 3, "a look removes nothing")
    restarted.removeTraces()
    #expect(try fixture.folder.names("backups/\(name)").isEmpty)

    try fixture.keep("motd")
    try fixture.keep("motd")
    #expect(fixture.records(of: "motd").map(\.number) == [2, 3])
  }

  @Test("where all together are too many bytes, the oldest of any path go")
  func bytes() throws {
    var rotation = BackupRotation()
    rotation.totalBytes = 2500
    let fixture = try Fixture(rotation: rotation)
    for name in ["a", "b", "c"] {
      try fixture.folder.write([UInt8](repeating: 1, count: 1000), to: "world/\(name)")
      try fixture.keep(name)
    }
    #expect(["a", "b", "c"].map { fixture.records(of: $0).count } == [0, 1, 1])
  }
}
