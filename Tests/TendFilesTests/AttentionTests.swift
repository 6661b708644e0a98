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
}
