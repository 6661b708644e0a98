import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("an unchanged file is not read again")
struct MemoryTests {
  /// A file whose content is not what its memory says: only reading it shows that.
  private func forged(
    _ here: Playground, _ spec: EntrySpec, takenAt: Int64? = nil
  ) async throws -> EntryMemory {
    try write("wrong\n", to: here("f"))
    // Old enough to be trusted.
    here.surroundings.advance(by: .seconds(3))
    let entry = try #require(try await here.observe(spec))
    let content = try #require(spec.content)
    var memory = entry.memory
    memory.reading = .init(
      entry.status, takenAt: takenAt ?? here.surroundings.now.nanoseconds, digest: content.digest)
    return memory
  }

  private func sees(
    _ here: Playground, _ spec: EntrySpec, _ memory: EntryMemory
  ) async throws -> Bool {
    let target = Target(id: spec.id, desired: spec, memory: memory)
    let entry = try await here.provider.observe(target, here.context)
    return !spec.differences(from: entry).isEmpty
  }

  @Test("a record that is old enough is trusted")
  func trusts() async throws {
    let here = try Playground()
    let spec = try here.file("f", "right\n")
    let memory = try await forged(here, spec)
    #expect(try await !sees(here, spec, memory))
  }

  @Test("a record that was taken within 2 s of the change is not")
  func readsYoung() async throws {
    let here = try Playground()
    let spec = try here.file("f", "right\n")
    let memory = try await forged(here, spec)
    var young = memory
    young.reading?.takenAt = (memory.reading?.changed ?? 0) + 1_999_999_999
    #expect(try await sees(here, spec, young))
  }

  @Test("every file is read once a day, and the times are spread")
  func readsDaily() async throws {
    let here = try Playground()
    let spec = try here.file("f", "right\n")
    let memory = try await forged(here, spec)
    here.surroundings.advance(by: .seconds(11 * 3600))
    #expect(try await !sees(here, spec, memory))
    here.surroundings.advance(by: .seconds(12 * 3600))
    #expect(try await sees(here, spec, memory))

    let reading = try #require(memory.reading)
    let status = try Status(of: here("f"), in: -100)
    let later = reading.takenAt + 18 * 3_600_000_000_000
    let due = (0..<1000).filter {
      !reading.vouches(for: status, at: later, spreadBy: fnv("/etc/file\($0)".utf8))
    }
    #expect((400..<700).contains(due.count))
  }

  @Test("T45 a clock that went back lets every file be read")
  func readsAfterClockWentBack() async throws {
    let here = try Playground()
    let spec = try here.file("f", "right\n")
    let memory = try await forged(here, spec)
    here.surroundings.advance(by: .seconds(-3600))
    #expect(try await sees(here, spec, memory))
  }

  @Test("T35 each field of the record counts")
  func readsChanged() async throws {
    let here = try Playground()
    let spec = try here.file("f", "right\n")
    let memory = try await forged(here, spec)
    let changes: [(inout EntryMemory.Reading) -> Void] = [
      { $0.device += 1 }, { $0.inode += 1 }, { $0.size += 1 }, { $0.modified += 1 },
      { $0.changed -= 1 }, { $0.mode += 1 }, { $0.user += 1 }, { $0.group += 1 },
    ]
    for change in changes {
      var reading = try #require(memory.reading)
      change(&reading)
      var other = memory
      other.reading = reading
      #expect(try await sees(here, spec, other))
    }
  }

  @Test("files in /proc, which keep no times, are always read")
  func readsProc() async throws {
    let here = try Playground()
    let path = "/proc/sys/kernel/ostype"
    let spec = try here.file(path, "Minix\n")
    let entry = try #require(try await here.observe(spec))
    var memory = entry.memory
    memory.reading = .init(
      entry.status, takenAt: here.surroundings.now.nanoseconds,
      digest: try #require(spec.content).digest)
    #expect(try await sees(here, spec, memory))
  }

  @Test("what is remembered survives a restart, in at most 4 KiB, and is checked when it is read")
  func codes() async throws {
    let here = try Playground()
    let spec = try here.file("f")
    try await here.reconcile(spec)
    let memory = try #require(try await here.observe(spec)).memory
    let value = try ValueEncoder().encode(memory)
    #expect(try ValueDecoder().decode(EntryMemory.self, from: value) == memory)
    #expect("\(value)".utf8.count < 1024)
    guard case .list(var values) = value else {
      Issue.record("not a list")
      return
    }
    values[0] = 99
    #expect(throws: DecodingError.self) {
      try ValueDecoder().decode(EntryMemory.self, from: .list(values))
    }
  }

  @Test("nothing is written anew for memory that did not change")
  func memoryIsStable() async throws {
    let here = try Playground()
    let spec = try here.file("f", mode: "0600")
    try await here.reconcile(spec)
    here.surroundings.advance(by: .seconds(3))
    let first = try #require(try await here.observe(spec)).memory
    here.surroundings.advance(by: .seconds(3))
    #expect(try #require(try await here.observe(spec)).memory == first)
    let directory = try here.directory("d")
    try await here.reconcile(directory)
    let before = try #require(try await here.observe(directory)).memory
    try write("", to: here("d/new"))
    #expect(try #require(try await here.observe(directory)).memory == before)
  }

  @Test("a directory that was replaced just now never makes an entry read as absent")
  func neverAbsentByMistake() async throws {
    let here = try Playground()
    mkdir(here("d"), 0o755)
    let spec = try here.file("d/f")
    #expect(try await here.observe(spec) as Entry? == nil)
    mkdir(here("new"), 0o755)
    try write("there", to: here("new/f"))
    rmdir(here("d"))
    rename(here("new"), here("d"))
    #expect(try await here.observe(spec) as Entry? != nil)
  }

  @Test("T37 a directory that was replaced at its path is noticed within a tenth of a second")
  func noticesReplacedDirectory() async throws {
    let here = try Playground()
    mkdir(here("d"), 0o755)
    let spec = try here.file("d/f")
    try await here.reconcile(spec)
    rename(here("d"), here("old"))
    mkdir(here("d"), 0o755)
    here.surroundings.advance(by: .milliseconds(100))
    #expect(try await here.paths(spec) == ["content", "mode"])
    try await here.reconcile(spec)
    #expect(names(in: here("d")) == ["f"])
  }
}
