import Glibc
import Tend
import TendEngine
import TendSQLite
import TestSupport
import Testing

@Suite("One process writes")
struct LockTests {
  let folder: Folder

  init() throws { folder = try Folder() }

  @Test("a second writer is told who writes and since when")
  func second() async throws {
    let began = Timestamp(seconds: 1_800_000_000)
    let store = try SQLiteStore(at: folder.state, now: { began })
    let error = #expect(throws: StoreError.self) { try SQLiteStore(at: folder.state) }
    #expect(error?.code == .locked)
    let message = try #require(error?.message)
    #expect(message.contains("process \(getpid())"))
    #expect(message.contains("since \(began)"))
    #expect(message.contains(folder.state))
    await store.close()
  }

  @Test("a writer that is refused closes no file but its own")
  func refusedCloses() async throws {
    let path = folder.state
    let store = try SQLiteStore(at: path)
    let end = ContinuousClock.now + .seconds(1)
    let broken = await withTaskGroup(of: Int.self) { group in
      group.addTask {
        while ContinuousClock.now < end {
          #expect(throws: StoreError.self) { try SQLiteStore(at: path) }
        }
        return 0
      }
      group.addTask {
        var broken = 0
        while ContinuousClock.now < end {
          let files = (0..<20).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
          await Task.yield()
          for file in files where close(file) != 0 { broken += 1 }
        }
        return broken
      }
      return await group.reduce(0, +)
    }
    #expect(broken == 0)
    #expect(try StateLock.holder(at: path)?.pid == getpid())
    await store.close()
  }

  @Test("another process is refused as well")
  func otherProcess() async throws {
    let path = folder.state
    let holder = getpid()
    let store = try SQLiteStore(at: path)
    await #expect(processExitsWith: .exitCode(42)) {
      [path = path as String, holder = holder as Int32] in
      do throws(StoreError) {
        _ = try SQLiteStore(at: path)
      } catch {
        let isTold = error.code == .locked && error.message.contains("process \(holder)")
        exit(isTold ? 42 : 1)
      }
    }
    await store.close()
  }

  @Test("whether somebody writes is asked without getting in the way")
  func holder() async throws {
    #expect(try StateLock.holder(at: folder.state) == nil)
    let store = try SQLiteStore(at: folder.state)
    #expect(try StateLock.holder(at: folder.state)?.pid == getpid())
    await store.close()
    #expect(try StateLock.holder(at: folder.state) == nil)
    #expect(names(of: folder.state).contains("lock"))
  }

  @Test("T28: a lock file that was left behind, naming a process that lives, holds nobody up")
  func stale() async throws {
    mkdir(folder.state, 0o700)
    try write(Array("1 2026-01-01T00:00:00.000Z\n".utf8), to: folder.state + "/lock")
    #expect(try StateLock.holder(at: folder.state) == nil)
    try await withStore(at: folder.state) { try await $0.commit([.putInventory(record(1))]) }
  }

  @Test("a lock whose text says nothing still locks")
  func unreadable() async throws {
    let store = try SQLiteStore(at: folder.state)
    try write([0xFF, 0x00, 0x20], to: folder.state + "/lock")
    let error = #expect(throws: StoreError.self) { try SQLiteStore(at: folder.state) }
    #expect(error?.code == .locked)
    #expect(error?.message.contains("another process") == true)
    await store.close()
  }

  @Test("T28: the lock dies with a killed holder")
  func killed() async throws {
    let path = folder.state
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let store = try SQLiteStore(at: path)
      try await store.commit([.putInventory(record(1))])
      kill(getpid(), SIGKILL)
    }
    let contents = try await withStore(at: path) { try await $0.load() }
    #expect(contents.inventory == [record(1)])
  }

  @Test("a child that outlives the store does not hold its lock")
  func child() async throws {
    let store = try SQLiteStore(at: folder.state)
    var pid: pid_t = 0
    let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
    defer { for argument in arguments { free(argument) } }
    try #require(posix_spawn(&pid, "/bin/sleep", nil, nil, arguments, nil) == 0)
    defer {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    await store.close()
    #expect(try StateLock.holder(at: folder.state) == nil)
    try await withStore(at: folder.state) { _ in }
  }

  @Test("a store that is released without being closed gives its lock back")
  func released() async throws {
    do {
      let store = try SQLiteStore(at: folder.state)
      try await store.commit([.putInventory(record(1))])
    }
    try await eventually("the lock is free") { try StateLock.holder(at: folder.state) == nil }
  }
}
