import Tend
import TendEngine
import TendSQLite
import Testing

@Suite("A power cut takes only what was not acknowledged")
struct PowerCutTests {
  /// What the disk holds beyond the last sync.
  enum Tail: CaseIterable {
    case nothing, someBytes, zeros, noise
  }

  @Test("T23: the log may end anywhere behind the last sync", arguments: Tail.allCases)
  func cut(_ tail: Tail) async throws {
    let folder = try Folder(inMemory: ())
    let store = try SQLiteStore(at: folder.state)
    var synced: [(log: [UInt8], mark: [UInt8])] = []
    for number in 0..<24 {
      try await store.commit([.putInventory(record(number)), .addEvent(event(number))])
      synced.append(
        (try bytes(of: folder.state + "/tend.db-wal"), try bytes(of: folder.state + "/generation")))
    }
    let database = try bytes(of: folder.state + "/tend.db")
    let key = try bytes(of: folder.state + "/key")
    await store.close()
    for (index, moment) in synced.enumerated() {
      let next = synced[min(index + 1, synced.count - 1)].log
      let path = folder.path + "/cut-\(index)"
      try copyFiles(from: folder.path + "/none", to: path)
      try write(database, to: path + "/tend.db")
      try write(key, to: path + "/key")
      // The mark is not synced: it may be older than the log.
      try write(synced[index / 2].mark, to: path + "/generation")
      try write(
        moment.log + rest(tail, of: next, from: moment.log.count), to: path + "/tend.db-wal")
      let after = try SQLiteStore(at: path)
      #expect(after.recovery == nil)
      let lines = try await after.load().inventory.map(\.place.line).sorted()
      #expect(lines == Array(0...index))
      #expect(try await after.events(EventQuery()).count == index + 1)
      await after.close()
    }
  }

  private func rest(_ tail: Tail, of next: [UInt8], from offset: Int) -> [UInt8] {
    let whole = Array(next.dropFirst(offset))
    switch tail {
    case .nothing: return []
    case .someBytes: return Array(whole.dropLast(1 + whole.count / 3))
    case .zeros: return [UInt8](repeating: 0, count: whole.count)
    case .noise:
      var generator = SystemRandomNumberGenerator()
      return whole.map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
  }
}
