import Tend
import Testing

@testable import TendEngine

@Suite("The mask of secrets")
struct SecretMaskTests {
  @Test("every occurrence goes, and nothing else")
  func all() {
    let mask = SecretMask()
    mask.add("hunter22")
    #expect(mask.apply(to: "a hunter22 b hunter22") == "a (sensitive) b (sensitive)")
    #expect(mask.apply(to: "hunter2") == "hunter2")
    #expect(mask.apply(to: "") == "")
  }

  @Test("secrets shorter than 4 characters are left, longer ones of many lines are not")
  func lengths() {
    let mask = SecretMask()
    mask.add("abc")
    mask.add("line\nline")
    #expect(mask.apply(to: "abc line\nline") == "abc (sensitive)")
  }

  @Test("a secret that holds another one goes whole")
  func nested() {
    let mask = SecretMask()
    mask.add("pass")
    mask.add("password-1")
    #expect(mask.apply(to: "password-1 pass") == "(sensitive) (sensitive)")
  }

  @Test("the newest 1,000 are kept")
  func bound() {
    let mask = SecretMask()
    for number in 0...SecretMask.bound { mask.add("secret-\(number)-") }
    #expect(mask.apply(to: "secret-0-") == "secret-0-")
    #expect(mask.apply(to: "secret-1-") == "(sensitive)")
  }
}

@Suite("A selection")
struct SelectionTests {
  static let rows: [(selection: Selection, matches: Bool, why: String)] = [
    (Selection(), true, "the empty one means all"),
    (Selection(unit: "main"), true, "of this unit"),
    (Selection(unit: "other"), false, "of another unit"),
    (Selection(resource: "File"), true, "its kind"),
    (Selection(resource: "file"), true, "its kind in any case"),
    (Selection(resource: "Directory"), false, "another kind"),
    (Selection(resource: "File/motd"), true, "its name"),
    (Selection(resource: "file/motd"), true, "its name with the kind in any case"),
    (Selection(resource: "File/MOTD"), false, "names have one case"),
    (Selection(resource: "File/mot"), false, "a part of its name"),
    (Selection(resource: "files/v1/File/motd"), true, "its qualified name"),
    (Selection(resource: "other/v1/File/motd"), false, "another group"),
    (Selection(unit: "other", resource: "File/motd"), false, "its name in another unit"),
  ]

  @Test("means what it says", arguments: rows)
  func matches(row: (selection: Selection, matches: Bool, why: String)) {
    let reference = Reference(kind: "files/v1 File", name: "motd")
    #expect(row.selection.matches(unit: "main", reference) == row.matches, "\(row.why)")
  }
}
