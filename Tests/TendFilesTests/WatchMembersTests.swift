import Testing

@testable import TendFiles

@Suite("who waits for the names in a directory")
struct WatchMembersTests {
  private static let directory = ByteText("/etc/app")

  private func attention(_ path: String) throws -> Attention {
    Attention(try #require(EntryPath(path)))
  }

  @Test("all are found by name until they are removed, however many and in whichever order")
  func life() throws {
    var members = WatchMembers()
    let all = try (0..<500).map { try attention("/etc/app/f\($0)") }
    for one in all { members.add(one, ByteText(one.location.name), in: Self.directory) }
    var there = Set(0..<500)
    for number in stride(from: 0, to: 3500, by: 7) where there.count > 250 {
      there.remove(number % 500)
      let one = all[number % 500]
      #expect(members.remove(one.path, ByteText(one.location.name)) === one)
    }
    for (number, one) in all.enumerated() {
      let found = members.named(ByteText(one.location.name))
      #expect(found.map(\.path) == (there.contains(number) ? [one.path] : []))
    }
    #expect(members.all.count == there.count)
  }

  @Test("what waits for a missing directory stands beside an entry of that name")
  func waiting() throws {
    var members = WatchMembers()
    let (own, deep) = (try attention("/etc/app/x"), try attention("/etc/app/x/x"))
    for one in [own, deep] { members.add(one, ByteText("x"), in: Self.directory) }
    #expect(members.named(ByteText("x")).map(\.path) == [own.path, deep.path])
    let next = try attention("/etc/app/x/x")
    members.add(next, ByteText("x"), in: Self.directory)
    #expect(members.all.count == 2)
    #expect(members.remove(next.path, ByteText("x")) === next)
    #expect(!members.isEmpty)
    #expect(members.remove(own.path, ByteText("x")) === own)
    #expect(members.isEmpty)
  }
}
