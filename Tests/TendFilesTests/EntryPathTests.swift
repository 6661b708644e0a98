import Testing

@testable import TendFiles

@Suite("a path is one identity, however it is written")
struct EntryPathTests {
  @Test(
    "T06 slashes and dots that lead nowhere are taken out",
    arguments: [
      ("/a/b", "/a/b"), ("//a///b", "/a/b"), ("/a/./b", "/a/b"), ("/a/b/", "/a/b"),
      ("/./a/b/.", "/a/b"), ("/a/...", "/a/..."), ("/a/.b", "/a/.b"), ("/a/b..", "/a/b.."),
      ("/a\nb", "/a\nb"),
    ])
  func normalises(written: String, path: String) throws {
    #expect(try EntryPath(normalising: written).description == path)
    #expect(EntryPath(path)?.description == path)
    if written != path { #expect(EntryPath(written) == nil) }
  }

  @Test("the directories above come nearest first, without the root directory")
  func ancestors() throws {
    let path = try EntryPath(normalising: "/a/b/c")
    #expect(path.ancestors.map(\.description) == ["/a/b", "/a"])
    #expect(path.parent == "/a/b")
    #expect(path.name == "c")
    #expect(try EntryPath(normalising: "/a").ancestors == [])
    #expect(try EntryPath(normalising: "/a").parent == "")
  }

  @Test("T75 two normalisations of one text are two paths")
  func comparesBytes() throws {
    let composed = try EntryPath(normalising: "/caf\u{e9}")
    let decomposed = try EntryPath(normalising: "/cafe\u{301}")
    #expect(composed.description == decomposed.description)
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
  }

  @Test(
    "permissions are three or four octal digits",
    arguments: [
      ("0644", "0644"), ("644", "0644"), ("4755", "4755"), ("000", "0000"), ("7777", "7777"),
    ])
  func permissions(text: String, printed: String) {
    #expect(Permissions(text)?.description == printed)
  }

  @Test("anything else is none", arguments: ["", "64", "00644", "0o644", "-644", "648", "٦٤٤"])
  func noPermissions(text: String) {
    #expect(Permissions(text) == nil)
  }
}
