import CTendFiles
import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("What was kept is brought back")
struct RestoreTests {
  /// A backup whose bytes lie in a file of the playground.
  private static func backup(
    _ here: Playground, _ bytes: String, mode: UInt32 = 0o644,
    attributes: [String: [UInt8]] = [:]
  ) throws -> (backup: Backup, file: FileHandle) {
    try write(bytes, to: here("kept"))
    let file = try #require(FileHandle(forReadingAtPath: here("kept")))
    let backup = Backup(
      .file(descriptor: file.fileDescriptor), mode: mode, owner: geteuid(), group: getegid(),
      modified: Timestamp(nanoseconds: 1_234_567_890_123_456_789), attributes: attributes)
    return (backup, file)
  }

  private static func id(_ here: Playground, _ name: String) throws -> EntryPath {
    try #require(EntryPath(here(name)))
  }

  @Test("what was kept comes back with bytes, mode, owner, attributes and time")
  func whole() async throws {
    let backups = TestBackups()
    let here = try Playground(backups: backups)
    let value: [UInt8] = [1, 0, 255]
    try write("", to: here("probe"))
    let hasAttributes = setxattr(here("probe"), "user.tend", value, value.count, 0) == 0
    let bytes = String(repeating: "0123456789", count: 20_000)
    let (backup, file) = try Self.backup(
      here, bytes, mode: 0o4750, attributes: hasAttributes ? ["user.tend": value] : [:])
    try write("newer", to: here("f"))
    try await here.provider.restore(backup, to: try Self.id(here, "f"), here.context)
    try file.close()
    #expect(text(of: here("f")) == bytes)
    var status = stat()
    lstat(here("f"), &status)
    #expect(status.st_mode & 0o7777 == 0o4750)
    #expect(status.st_uid == geteuid() && status.st_gid == getegid())
    #expect(status.st_mtim.tv_sec == 1_234_567_890 && status.st_mtim.tv_nsec == 123_456_789)
    var found = [UInt8](repeating: 0, count: 10)
    if hasAttributes {
      #expect(getxattr(here("f"), "user.tend", &found, found.count) == 3)
      #expect(Array(found.prefix(3)) == value)
    }
    #expect(backups.kept.map(\.content) == ["newer"], "what was there is kept first")
    #expect(backups.kept.map(\.request.durable) == [true])
    #expect(names(in: here.path).sorted() == ["f", "kept", "probe"])
  }

  @Test("a link comes back in the place of what is there, or of nothing")
  func link() async throws {
    let here = try Playground(backups: TestBackups())
    let backup = Backup(
      .link(target: "/nowhere"), mode: 0o777, owner: geteuid(), group: getegid(),
      modified: Timestamp(seconds: 1000))
    for name in ["new", "old"] {
      if name == "old" { try write("text", to: here(name)) }
      try await here.provider.restore(backup, to: try Self.id(here, name), here.context)
      let target = try FileManager.default.destinationOfSymbolicLink(atPath: here(name))
      #expect(target == "/nowhere", "\(name)")
      var status = stat()
      lstat(here(name), &status)
      #expect(status.st_mtim.tv_sec == 1000)
    }
  }

  @Test("what is in the way, and a directory that is gone, are said, and nothing is left behind")
  func refused() async throws {
    let here = try Playground(backups: TestBackups())
    let (backup, file) = try Self.backup(here, "x")
    mkdir(here("d"), 0o755)
    mkfifo(here("p"), 0o600)
    for name in ["d", "p", "gone/f"] {
      let error = await failure {
        try await here.provider.restore(backup, to: try Self.id(here, name), here.context)
      }
      #expect(error?.code == .permanent && error?.remedy != nil, "\(name)")
    }
    try file.close()
    #expect(names(in: here.path).sorted() == ["d", "kept", "p"])
  }

  @Test("where what is there can't be kept, it stays")
  func unkept() async throws {
    let here = try Playground(backups: FailingBackups())
    let (backup, file) = try Self.backup(here, "x")
    try write("newer", to: here("f"))
    let error = await failure {
      try await here.provider.restore(backup, to: try Self.id(here, "f"), here.context)
    }
    try file.close()
    #expect(error?.message == "the backup store is full")
    #expect(text(of: here("f")) == "newer")
    #expect(names(in: here.path).sorted() == ["f", "kept"])
  }
}
