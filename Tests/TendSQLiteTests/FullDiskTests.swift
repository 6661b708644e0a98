import Glibc
import Tend
import TendEngine
import TendSQLite
import Testing

/// Whether this process may mount a file system.
private let canMount: Bool = {
  guard isRoot, let folder = try? Folder() else { return false }
  guard mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0 else { return false }
  umount(folder.path)
  return true
}()

@Suite("T24: a full disk", .enabled(if: canMount, "needs the right to mount a tmpfs"))
struct FullDiskTests {
  @Test(
    "what was acknowledged stays, what was not is reported, and it goes on when there is space",
    arguments: [0, 40_000, 90_000, 200_000, 380_000])
  func full(_ filler: Int) async throws {
    let folder = try Folder()
    try #require(mount("tmpfs", folder.path, "tmpfs", 0, "size=1m,mode=0700") == 0)
    defer { umount2(folder.path, Int32(MNT_DETACH)) }
    let store = try SQLiteStore(at: folder.state)
    try write([UInt8](repeating: 0, count: filler), to: folder.path + "/filler")
    let kept = try await commitUntilFull(store)
    #expect(kept > 0)

    // It still reads, and again says what is wrong.
    #expect(try await store.load().inventory.count == kept)
    let again = await #expect(throws: StoreError.self) {
      try await store.commit((0..<200).map { .putInventory(record(10_000 + $0, memory: "x")) })
    }
    #expect(again?.code == .full)
    #expect(try await store.load().inventory.count == kept)

    let options = "size=8m,mode=0700"
    try #require(mount("tmpfs", folder.path, "tmpfs", UInt(MS_REMOUNT), options) == 0)
    try await store.commit([.putInventory(record(20_000)), .addEvent(event(1))])
    #expect(try await store.load().inventory.count == kept + 1)
    await store.close()
    let reopened = try SQLiteStore(at: folder.state)
    #expect(reopened.recovery == nil)
    #expect(try await reopened.load().inventory.count == kept + 1)
    await reopened.close()
  }

  private func commitUntilFull(_ store: SQLiteStore) async throws -> Int {
    for number in 0..<10_000 {
      do throws(StoreError) {
        try await store.commit([.putInventory(record(number, memory: statMemory(number)))])
      } catch {
        #expect(error.code == .full)
        #expect(error.message.contains("tend.db"))
        #expect(error.remedy?.contains("free space") == true)
        return number
      }
    }
    return 0
  }

  @Test("a store can't begin on a full disk, says so, and begins when there is space")
  func beginning() async throws {
    let folder = try Folder()
    try #require(mount("tmpfs", folder.path, "tmpfs", 0, "size=64k,mode=0700") == 0)
    defer { umount2(folder.path, Int32(MNT_DETACH)) }
    let filler = open(folder.path + "/filler", O_WRONLY | O_CREAT, 0o600)
    let page = [UInt8](repeating: 0, count: 4096)
    while Glibc.write(filler, page, page.count) > 0 {}
    close(filler)
    let error = #expect(throws: StoreError.self) { try SQLiteStore(at: folder.state) }
    #expect(error?.code == .full)
    unlink(folder.path + "/filler")
    let options = "size=8m,mode=0700"
    try #require(mount("tmpfs", folder.path, "tmpfs", UInt(MS_REMOUNT), options) == 0)
    let store = try SQLiteStore(at: folder.state)
    #expect(store.recovery == nil)
    try await store.commit([.putInventory(record(1))])
    await store.close()
  }
}
