import CTendProcesses
import Foundation
import TestSupport
import Testing

@testable import TendProcesses

@Suite("where the named pipes of holders lie", .serialized)
struct PipeFolderTests {
  private let temporary: TemporaryFolder
  private let folder: Folder
  private let label = "\(Grounds.prefix)test-\(UUID().uuidString.prefix(8))"
  private static let memory: [String] = ["/run", "/dev/shm"].filter {
    tend_is_in_memory($0) == 1
  }

  init() throws {
    temporary = try TemporaryFolder("pipes")
    folder = try Folder(at: temporary.path)
  }

  /// The folder of this label in memory, where there is one.
  private var path: String? {
    Self.memory.map { "\($0)/\(label)" }.first { access($0, F_OK) == 0 }
  }

  private func sweep() { Grounds("\(label)-other", in: .none).sweep() }

  @Test(
    "in memory for root; those of a holder that is gone stay as long as somebody has them open",
    .enabled(if: isRoot && !memory.isEmpty, "an ordinary user, or nothing in memory here"))
  func inMemory() throws {
    let writer = try whileHeld { path in
      sweep()
      #expect(access(path, F_OK) == 0, "its holder is there")
    }
    let path = try #require(path)
    withExtendedLifetime(writer) {
      sweep()
      #expect(access(path + "/unit@web#0", F_OK) == 0, "a process is there")
    }
    #expect(!temporary.exists("pipes"))
  }

  /// A holder that comes and goes; the answer is the end of a process that it leaves.
  private func whileHeld(_ body: (String) throws -> Void) throws -> Descriptor {
    let grounds = Grounds(label, in: .none)
    return try withExtendedLifetime(grounds) {
      let place = try grounds.pipes(for: folder)
      let name = "unit@web#0"
      let reader = try Descriptor(tend_make_pipe(place.raw, name, -1))
      let writer = try Descriptor(tend_open_pipe(place.raw, name))
      try withExtendedLifetime(reader) { try body(try #require(path) + "/" + name) }
      return writer
    }
  }

  @Test(
    "those that nobody has open are taken away with their folder",
    .enabled(if: isRoot && !memory.isEmpty, "an ordinary user, or nothing in memory here"))
  func idle() throws {
    _ = try whileHeld { _ in }
    #expect(path != nil)
    sweep()
    #expect(path == nil)
  }

  @Test("where there are some below the holder's folder they go on being used")
  func inUse() throws {
    let own = try folder.folder("pipes", making: true)
    let pipe = try Descriptor(tend_make_pipe(own.raw, "unit@web#0", -1))
    let found = try withExtendedLifetime(pipe) {
      try Grounds(label, in: .none).pipes(for: folder).names
    }
    #expect(found == ["unit@web#0"])
    #expect(path == nil)
  }
}
