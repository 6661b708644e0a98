import Foundation
import Synchronization
import Tend
import Testing

@testable import TendFiles

@Suite("the parts below")
struct SystemTests {
  @Test("threads that come while a step runs share the next one")
  func groupCommit() throws {
    let commit = GroupCommit()
    let progress = Progress()
    let release = DispatchSemaphore(value: 0)
    let threads = DispatchGroup()
    func start(_ step: @escaping @Sendable () -> Void) {
      threads.enter()
      Thread.detachNewThread {
        try? commit.commit {
          progress.steps.add(1, ordering: .relaxed)
          step()
        }
        progress.done.add(1, ordering: .relaxed)
        threads.leave()
      }
    }
    start {
      progress.isRunning.store(true, ordering: .releasing)
      release.wait()
    }
    while !progress.isRunning.load(ordering: .acquiring) { sched_yield() }
    for _ in 0..<20 { start {} }
    // All have asked before the first step ends; only then is the answer known.
    while commit.arrivals < 21 { sched_yield() }
    release.signal()
    threads.wait()
    #expect(progress.done.load(ordering: .relaxed) == 21)
    #expect(progress.steps.load(ordering: .relaxed) == 2)
  }

  @Test("a step that failed serves nobody but the one that ran it")
  func failedCommit() throws {
    let commit = GroupCommit()
    var runs = 0
    let error = #expect(throws: SystemError.self) {
      try commit.commit { () throws(SystemError) in
        runs += 1
        throw SystemError(code: EIO)
      }
    }
    #expect(error?.code == EIO)
    try commit.commit { runs += 1 }
    #expect(runs == 2)
  }

  @Test("temporary names are told from all others, and fit", arguments: [1, 200, 229, 255])
  func temporaryNames(length: Int) {
    let mine = TemporaryNames(seed: 1)
    let others = TemporaryNames(seed: 2)
    #expect(mine.isOwn(mine.next(for: "motd")) && !mine.isOwn(others.next(for: "motd")))
    #expect(!mine.isOwn("motd") && !mine.isOwn("a-name-that-is-longer-than-its-end"))
    let name = String(repeating: "n", count: length)
    let temporary = mine.next(for: name)
    #expect(temporary != mine.next(for: name))
    #expect(temporary.utf8.count <= 255)
    #expect(temporary.hasPrefix(".n"))
    #expect(others.isLeftOver(temporary))
    #expect(!mine.isLeftOver(temporary))
    for stranger in [
      name, ".\(name)", "\(temporary)x", String(temporary.dropLast()), "x\(temporary)",
      ".motd.tend-00000000000000000000", ".tend-", "",
    ] { #expect(!others.isLeftOver(stranger), "\(stranger)") }
  }

  @Test("after as many temporary names as their digits count, the first comes again")
  func manyTemporaryNames() {
    let names = TemporaryNames(seed: 1)
    let first = names.next(for: "n")
    for _ in 1..<65_536 { _ = names.next(for: "n") }
    #expect(names.next(for: "n") == first)
  }

  @Test("a stranger with a name like ours stays, and so does what another agent still writes")
  func sparesOthers() async throws {
    let here = try Playground()
    let others = TemporaryNames(seed: 9)
    let (locked, linked, left) = (
      others.next(for: "a"), others.next(for: "b"), others.next(for: "c")
    )
    for name in [locked, linked, left, ".motd.tend-1"] { try write("", to: here(name)) }
    link(here(linked), here("second"))
    mkdir(here(others.next(for: "d")), 0o755)
    let descriptor = open(here(locked), O_RDWR)
    flock(descriptor, LOCK_EX)
    defer { close(descriptor) }
    try await here.reconcile(try here.file("f"))
    #expect(names(in: here.path) == [".motd.tend-1", locked, linked, "f", "second"].sorted())
  }

  @Test("a directory that holds only what a killed agent left is deleted")
  func deletesLeftOvers() async throws {
    let here = try Playground()
    let directory = try here.directory("d")
    try await here.reconcile(directory)
    try write("", to: here("d/\(TemporaryNames(seed: 9).next(for: "f"))"))
    #expect(try await here.prune(directory) == .done)
    #expect(names(in: here.path) == [])
  }

  @Test("T54 descriptors stay within their bound, whatever is looked at")
  func bounded() async throws {
    var configuration = FileProvider.Configuration()
    configuration.heldDirectories = 16
    let here = try Playground(configuration)
    for number in 0..<200 {
      mkdir(here("d\(number)"), 0o755)
      let spec = try here.file("d\(number)/f")
      try await here.reconcile(spec)
      #expect(try await here.reconcile(spec) == nil)
    }
    let open = names(in: "/proc/self/fd").compactMap {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
    }
    let held = open.count { $0.hasPrefix(here.path) }
    #expect((1...16).contains(held))
  }
}

/// How far the threads are.
private final class Progress: Sendable {
  let isRunning = Atomic(false)
  let steps = Atomic(0)
  let done = Atomic(0)
}
