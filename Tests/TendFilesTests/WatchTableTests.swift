import Testing

@testable import TendFiles

@Suite("what an event of a directory means")
struct WatchTableTests {
  private static let here = WatchTable.Identity(device: 1, inode: 10)
  private static let elsewhere = WatchTable.Identity(device: 1, inode: 11)

  private static func path(_ text: String) -> EntryPath { EntryPath(text) ?? .unreadable }

  /// `/etc/app` is watched as number 1 for the given files.
  private static func table(_ attentions: Attention...) -> WatchTable {
    var table = WatchTable()
    _ = table.watch("/etc/app", here, number: 1)
    for attention in attentions {
      _ = table.join(attention, as: attention.path.name, in: "/etc/app", here)
    }
    return table
  }

  private static func touched(_ meaning: WatchTable.Meaning) -> [String] {
    guard case .touched(let touches) = meaning else { return [] }
    return touches.map { touch in
      touch.attention.path.description + (touch.place == nil ? "" : ", to be looked at")
    }
  }

  private static let file = "/etc/app/a"

  @Test(
    "an event touches a declared entry; only a write by others is certain at once",
    arguments: [
      (WatchEvent.What.modified, false, "/etc/app/a", "we never write into it"),
      (
        .closedAfterWriting, false, "/etc/app/a, to be looked at",
        "we close it once it has its name"
      ),
      (.modified, true, "/etc/app/a, to be looked at", "it may have been us"),
      (.attributes, false, "/etc/app/a, to be looked at", "we too set modes"),
      (.movedTo, false, "/etc/app/a, to be looked at", "we too give it its name"),
      (.deleted, false, "/etc/app/a, to be looked at", "we may have put another there"),
    ])
  func touches(what: WatchEvent.What, isInPlace: Bool, expected: String, reason: Comment) {
    var table = Self.table(Attention(Self.path(Self.file), isWrittenInPlace: isInPlace))
    let meaning = table.take(WatchEvent(number: 1, what, name: "a"))
    #expect(Self.touched(meaning) == [expected], reason)
  }

  @Test("an entry that is not declared, and a watch that is none of ours, mean nothing")
  func strangers() {
    var table = Self.table(Attention(Self.path(Self.file)))
    for event in [
      WatchEvent(number: 1, .modified, name: "b"), WatchEvent(number: 1, .attributes),
      WatchEvent(number: 2, .modified, name: "a"),
    ] {
      guard case .nothing = table.take(event) else {
        Issue.record("\(event) means something")
        continue
      }
    }
  }

  @Test("a name in another normal form of Unicode is another name")
  func normalForms() {
    var table = Self.table(Attention(Self.path("/etc/app/\u{E9}")))
    #expect(Self.touched(table.take(WatchEvent(number: 1, .modified, name: "e\u{301}"))).isEmpty)
    #expect(Self.touched(table.take(WatchEvent(number: 1, .modified, name: "\u{E9}"))).count == 1)
  }

  @Test(
    "a directory that ends takes along all that is declared in it and below it",
    arguments: [
      WatchEvent.What.selfMoved, .selfDeleted, .unmounted, .ignored,
    ])
  func ends(what: WatchEvent.What) {
    var table = Self.table(
      Attention(Self.path("/etc/app/b")), Attention(Self.path("/etc/app/a")))
    _ = table.watch("/etc/app/sub", Self.elsewhere, number: 2)
    let deep = Attention(Self.path("/etc/app/sub/c"))
    _ = table.join(deep, as: "c", in: "/etc/app/sub", Self.elsewhere)
    _ = table.watch("/etc/apples", .init(device: 1, inode: 12), number: 3)
    guard case .replaced(let replaced) = table.take(WatchEvent(number: 1, what)) else {
      Issue.record("it means something else")
      return
    }
    #expect(replaced.paths == ["/etc/app", "/etc/app/sub"])
    #expect(
      replaced.entries.map(\.description) == ["/etc/app/a", "/etc/app/b", "/etc/app/sub/c"])
    #expect(replaced.numbers == [1, 2])
    #expect(table.count == 1)
    #expect(table.join(deep, as: "c", in: "/etc/app/sub", Self.elsewhere) == nil)
  }

  @Test("lost events are told from all others")
  func overflow() {
    var table = Self.table()
    guard case .lostTrack = table.take(WatchEvent(number: -1, .overflowed)) else {
      Issue.record("it means something else")
      return
    }
  }

  @Test("one watch serves all entries of a directory, and ends with the last of them")
  func sharing() {
    let (first, second) = (Attention(Self.path("/etc/app/a")), Attention(Self.path("/etc/app/b")))
    var table = Self.table(first, second)
    #expect(table.count == 1)
    #expect(table.leave(first.path) == nil)
    #expect(Self.touched(table.take(WatchEvent(number: 1, .modified, name: "a"))).isEmpty)
    #expect(table.leave(second.path) == 1)
    #expect(table.count == 0)
    #expect(table.leave(second.path) == nil)
  }

  @Test("another directory at the same path needs a watch of its own, and keeps the entries")
  func replacedUnseen() {
    let attention = Attention(Self.path(Self.file))
    var table = Self.table(attention)
    #expect(table.join(attention, as: "a", in: "/etc/app", Self.elsewhere) == nil)
    #expect(table.watch("/etc/app", Self.elsewhere, number: 2) == 1)
    #expect(Self.touched(table.take(WatchEvent(number: 2, .modified, name: "a"))).count == 1)
  }

  @Test("two paths that lead to one directory both learn of what happens there")
  func links() {
    var table = Self.table(Attention(Self.path(Self.file)))
    _ = table.watch("/srv/app", Self.here, number: 1)
    let other = Attention(Self.path("/srv/app/a"))
    _ = table.join(other, as: "a", in: "/srv/app", Self.here)
    let touched = Self.touched(table.take(WatchEvent(number: 1, .modified, name: "a")))
    #expect(touched == ["/etc/app/a", "/srv/app/a"])
    #expect(table.leave(other.path) == nil)
  }

  @Test("an entry whose directory is missing waits for it in the one above, for certain")
  func missingParent() {
    let deep = Attention(Self.path("/etc/app/new/deep/file"))
    var table = Self.table()
    _ = table.join(deep, as: "new", in: "/etc/app", Self.here)
    #expect(
      Self.touched(table.take(WatchEvent(number: 1, .created, name: "new")))
        == ["/etc/app/new/deep/file"])
    #expect(table.leave(deep.path) == 1)
  }

  @Test("what was declared anew takes the place of what was declared before")
  func newRevision() {
    let (old, new) = (Attention(Self.path(Self.file)), Attention(Self.path(Self.file)))
    var table = Self.table(old)
    let token = table.join(new, as: "a", in: "/etc/app", Self.here) ?? 0
    #expect(new.isWatched(by: token))
    #expect(!old.isWatched(by: token))
    #expect(Self.touched(table.take(WatchEvent(number: 1, .modified, name: "a"))).count == 1)
  }

  @Test("no token is given twice, also after everything was cleared")
  func tokens() {
    let attention = Attention(Self.path(Self.file))
    var table = Self.table(attention)
    let first = table.latestToken
    table.clear()
    #expect(!attention.isWatched(by: first))
    #expect(table.count == 0)
    _ = table.watch("/etc/app", Self.here, number: 1)
    #expect(table.latestToken > first)
  }
}

extension Attention {
  convenience init(_ path: EntryPath, isWrittenInPlace: Bool = false) {
    self.init(Location(path), isWrittenInPlace: isWrittenInPlace)
  }
}
