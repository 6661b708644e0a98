import Foundation
import Tend
import TestSupport
import Testing

@testable import TendProcesses

@Suite("what is written down of all that runs")
struct RecordsTests {
  private let temporary: TemporaryFolder
  private let folder: Folder

  init() throws {
    temporary = try TemporaryFolder("records")
    folder = try Folder(at: temporary.path)
  }

  private func record(_ id: String, _ serial: UInt32, restarts: Int = 0) throws -> InstanceRecord {
    var instance = Instance(serial: serial, replica: 0, at: 0)
    instance.restarts = restarts
    instance.main = .init(
      identity: ProcessIdentity(boot: ProcessIdentity.boot, process: 7, started: 8), since: 0,
      startedAt: 9, isChild: true)
    return try #require(InstanceRecord(instance, of: Charge(id: id, seed: 1)))
  }

  private var size: Int {
    let attributes = try? FileManager.default.attributesOfItem(
      atPath: temporary.path(Records.name))
    return attributes?[.size] as? Int ?? 0
  }

  @Test("the last word on each counts, and what has ended is not there")
  func last() throws {
    let records = Records(in: folder)
    records.rewrite([])
    records.write(try record("u/b", 1), isNew: true)
    records.write(try record("u/a", 1), isNew: true)
    records.write(try record("u/a", 2), isNew: true)
    records.write(try record("u/a", 2, restarts: 5), isNew: false)
    records.remove("u/b", 1)
    let found = Records.read(from: folder)
    #expect(found.map(\.id) == ["u/a", "u/a"])
    #expect(found.map(\.serial) == [1, 2])
    #expect(found.map(\.restarts) == [0, 5])
  }

  @Test("nothing is there where nothing was written, and nothing of an earlier boot counts")
  func boots() throws {
    #expect(Records.read(from: folder) == [])
    var old = try record("u/a", 1)
    old.identity = ProcessIdentity(boot: "another", process: 7, started: 8)
    Records(in: folder).rewrite([old, try record("u/b", 1)])
    #expect(Records.read(from: folder).map(\.id) == ["u/b"])
  }

  @Test(
    "what is no record is passed by, and the others count",
    arguments: ["", "{", "{}", "null", "{\"id\":\"u/b\",\"serial\":-1}", "\u{0}\u{0}", "é["])
  func damaged(text: String) throws {
    let records = Records(in: folder)
    records.rewrite([try record("u/a", 1)])
    let path = temporary.path(Records.name)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    try (Data(text.utf8) + Data("\n".utf8) + whole + Data(text.utf8)).write(
      to: URL(fileURLWithPath: path))
    #expect(Records.read(from: folder).map(\.id) == ["u/a"])
  }

  @Test("a file in which most counts for nothing is written anew")
  func bounded() throws {
    let records = Records(in: folder)
    records.rewrite([])
    var largest = 0
    for count in 0..<5000 {
      let last = try record("u/a", 1, restarts: count)
      records.write(last, isNew: count == 0)
      if records.isOutdated { records.rewrite([last]) }
      largest = max(largest, size)
    }
    #expect(largest < 1100 * 400)
    #expect(Records.read(from: folder).map(\.restarts) == [4999])
  }

  @Test(
    "T59: where nothing can be written that is tried again, and made good",
    .enabled(if: isRoot, "a small disk can't be mounted here"))
  func fullDisk() async throws {
    try temporary.makeFolder("disk")
    let path = temporary.path("disk")
    try await run("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", path])
    defer { umount2(path, 2) }
    let disk = try Folder(at: path)
    let records = Records(in: disk)
    records.rewrite([])
    let all = try (0..<100).map { try record("u/p\($0)", 1) }
    for (count, one) in all.enumerated() {
      records.write(one, isNew: true)
      if records.isOutdated { records.rewrite(Array(all[...count])) }
    }
    #expect(Records.read(from: disk).count < 100)
    #expect(records.problem == "no space left on device")
    try await run("mount", ["-o", "remount,size=1m", path])
    for count in 0..<200 where Records.read(from: disk).count < 100 {
      records.write(try record("u/p0", 1, restarts: count), isNew: false)
      if records.isOutdated { records.rewrite(all) }
    }
    #expect(Records.read(from: disk).count == 100)
    #expect(records.problem == nil)
  }
}
