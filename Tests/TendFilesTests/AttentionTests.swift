import CTendFiles
import Testing

@testable import TendFiles

@Suite("what an event of an entry tells that is not known")
struct AttentionTests {
  private let attention: Attention

  init() throws { attention = Attention(try #require(EntryPath("/etc/motd"))) }

  @Test("an event during the first look is no news, and has the entry looked at once more")
  func firstLook() {
    attention.beginLook()
    #expect(!attention.isNews { .absent })
    #expect(attention.saw(.absent) == .touched)
    #expect(attention.saw(.absent) == .seen)
    attention.endLook()
    #expect(!attention.isNews { .absent })
  }

  @Test("a look that ends without having seen anything makes every event news again")
  func failedLook() {
    attention.beginLook()
    attention.endLook()
    #expect(attention.isNews { .absent })
    attention.beginLook()
    #expect(!attention.isNews { .absent })
    attention.endLook()
    #expect(attention.isNews { .absent })
  }

  @Test("during a later look an event is news where the entry is not as it was")
  func laterLook() {
    #expect(attention.saw(.absent) == .seen)
    attention.beginLook()
    #expect(!attention.isNews { .absent })
    #expect(attention.isNews { .unknown }, "it can't be said how it is")
    #expect(attention.saw(.absent) == .seen)
  }

  @Test("what others change right after we wrote it is told from what we wrote")
  func written() {
    attention.beginWriting()
    #expect(!attention.isNews { .absent }, "the engine looks again")
    attention.wrote(.absent)
    #expect(attention.saw(.unknown) == .changedByOthers)
    #expect(attention.saw(.absent) == .seen)
  }

  @Test("a file that is as we wrote it holds what we wrote, once")
  func content() {
    let made = Self.status(modified: 10, changed: 20)
    attention.beginWriting()
    attention.wrote(.present(made), isContent: true)
    #expect(attention.saw(.present(made)) == .holdsContent)
    #expect(attention.saw(.present(made)) == .seen)
    attention.wrote(.present(made), isContent: true)
    #expect(attention.saw(.present(Self.status(modified: 20, changed: 20))) == .changedByOthers)
  }

  @Test(
    "the times of a file prove what was written only once the clock has gone on",
    arguments: [
      (10, 20, 5, true), (10, 10, 5, false), (11, 20, 5, false), (10, 20, 6, false),
      (10, 9, 5, false),
    ] as [(Int64, Int64, UInt64, Bool)])
  func proof(_ modified: Int64, _ changed: Int64, _ size: UInt64, _ isProof: Bool) {
    let written = Self.status(modified: 10, changed: 10)
    let named = Self.status(modified: modified, changed: changed, size: size)
    #expect(named.provesContent(writtenAt: written) == isProof)
  }

  private static func status(modified: Int64, changed: Int64, size: UInt64 = 5) -> Status {
    var status = tend_status()
    (status.modified, status.changed, status.size) = (modified, changed, size)
    (status.mode, status.inode) = (0o100644, 7)
    return Status(status)
  }
}
