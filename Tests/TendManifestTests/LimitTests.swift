import Tend
import Testing

@testable import TendManifest

@Suite("Limits")
struct LimitTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: @Sendable () -> String
    let limit: String
    let reason: String
    var testDescription: String { reason }

    init(_ limit: String, _ reason: String, _ text: @escaping @Sendable () -> String) {
      (self.limit, self.reason, self.text) = (limit, reason, text)
    }
  }

  /// Nine levels of lists, each of nine aliases of the level before: 3 GB when expanded.
  static func bomb(levels: Int = 9, width: Int = 9) -> String {
    var text = "a0: &a0 [lol, lol, lol]\n"
    for level in 1...levels {
      let aliases = repeatElement("*a\(level - 1)", count: width).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    return text
  }

  static let cases = [
    Case("aliasBytes", "an alias bomb of nine levels") { bomb() },
    Case("aliasBytes", "a bomb of merge keys") {
      var text = "a0: &a0 {" + (0..<100).map { "k\($0): v" }.joined(separator: ", ") + "}\n"
      for level in 1...9 {
        let inner = (0..<9).map { "b\($0): *a\(level - 1)" }.joined(separator: ", ")
        text += "a\(level): &a\(level) {<<: *a\(level - 1), \(inner)}\n"
      }
      return text
    },
    Case("aliasBytes", "one long text a thousand times") {
      "a: &a \"" + String(repeating: "x", count: 10_000) + "\"\nb:\n"
        + String(repeating: "- *a\n", count: 1000)
    },
    Case("depth", "100,000 lists in brackets") { String(repeating: "[", count: 100_000) },
    Case("depth", "100,000 maps in braces") { String(repeating: "{a: ", count: 100_000) },
    Case("depth", "100,000 lists in dashes") { String(repeating: "- ", count: 100_000) },
    Case("depth", "100,000 explicit keys") { String(repeating: "? ", count: 100_000) },
    Case("depth", "aliases that add up") {
      "a: &a " + String(repeating: "[", count: 60) + String(repeating: "]", count: 60) + "\nb: "
        + String(repeating: "[", count: 60) + "*a" + String(repeating: "]", count: 60)
    },
    Case("fileBytes", "a document of 100 MB") { "a: " + String(repeating: "x", count: 100 << 20) },
    Case("scalarBytes", "a text of 2 MB") { "a: " + String(repeating: "x", count: 2 << 20) },
    Case("fileValues", "a million values") { "[" + String(repeating: "1,", count: 1_000_000) },
    Case("fileDocuments", "half a million documents") {
      String(repeating: "--- 1\n", count: 500_000)
    },
    Case("%TAG", "100,000 tag directives, which libyaml compares with each other") {
      (0..<100_000).map { "%TAG !a\($0)! x\n" }.joined() + "--- 1\n"
    },
  ]

  @Test("T09, T11: what passes a limit is refused with the limit's name", arguments: cases)
  func refused(_ test: Case) throws {
    let text = Array(test.text().utf8)
    let start = processorTime()
    let parsed = DocumentParser().parse(text, file: "a.yaml")
    let used = processorTime() - start
    let found = try #require(parsed.diagnostics.all.last)
    #expect(found.code == .limit)
    #expect(found.message.contains(test.limit), "\(found)")
    #expect(found.remedy != nil)
    // This build is not optimised; an optimised one takes a tenth of it.
    #expect(used < .seconds(2))
  }

  @Test("what is just within the limits is read")
  func within() {
    let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    #expect(mistakes(deep).isEmpty)
    #expect(mistakes("[" + deep + "]").count == 1)
    #expect(mistakes(Self.bomb(levels: 4)).isEmpty)
    #expect(mistakes("a: " + String(repeating: "x", count: 1 << 20)).isEmpty)
  }

  @Test("each limit can be set")
  func set() {
    var limits = ManifestLimits()
    limits.fileBytes = 10
    limits.depth = 2
    limits.fileValues = 4
    limits.fileDocuments = 2
    limits.scalarBytes = 4
    limits.aliasBytes = 20
    #expect(mistakes("a: 12345678", limits: limits).first?.contains("fileBytes is 10") == true)
    #expect(mistakes("[[[1]]]", limits: limits).first?.contains("limit depth, 2") == true)
    #expect(mistakes("[1,2,3,4]", limits: limits).first?.contains("limit fileValues, 4") == true)
    #expect(mistakes("12345", limits: limits).first?.contains("scalarBytes is 4") == true)
    limits.fileBytes = 100
    #expect(
      mistakes("1\n---\n2\n---\n3\n", limits: limits).first?.contains("limit fileDocuments, 2")
        == true)
    limits.fileValues = 10
    #expect(
      mistakes("[&a 1, *a, *a]", limits: limits).first?.contains("limit aliasBytes, 20") == true)
  }

  @Test("T09: mistakes of one file are counted, and bounded")
  func manyMistakes() {
    let text = String(repeating: "- .inf\n", count: 5000)
    let found = parse(text).diagnostics.all
    #expect(found.count == 1001)
    #expect(found.last?.message.contains("the limit fileDiagnostics, 1000") == true)
  }

  @Test("T09: thirty thousand unknown fields take no time that grows with their square")
  func manyUnknownFields() {
    let fields = (0..<30_000).map { "x\($0): 1\n" }.joined()
    let start = processorTime()
    let found = read([("a.yaml", DeclarationTests.head + fields)]).diagnostics.all
    #expect(found.count == 1001)
    #expect(found.contains { $0.code == .limit })
    #expect(found.last?.place == Place(file: "a.yaml", line: 1003, column: 1))
    #expect(processorTime() - start < .seconds(10))
  }

  @Test(
    "T09: a tree that is too large is refused at the file that is too much"
  )
  func tree() {
    var limits = ManifestLimits()
    limits.treeDocuments = 2
    let files = ["c.yaml", "a.yaml", "b.yaml"].map { ($0, manifest($0)) }
    let reading = read(files, ManifestReader(limits: limits))
    #expect(reading.declarations.count == 2)
    #expect(
      reading.diagnostics.description
        == "c.yaml:1:1: error: from this file on the tree has more documents than the limit "
        + "treeDocuments, 2; divide it among units, or exclude files in tend.yaml")
    limits = ManifestLimits()
    limits.treeBytes = 200
    #expect(
      read(files, ManifestReader(limits: limits)).diagnostics.description.contains(
        "b.yaml:1:1: error: from this file on the tree has more bytes than the limit treeBytes, 200"
      ))
  }

  @Test("T09: a file that was not even loaded is refused by its size")
  func notLoaded() {
    let file = ManifestFile(path: "huge.yaml", tooLarge: 2 << 30)
    #expect(
      ManifestReader().read([file]).diagnostics.description
        == "huge.yaml:1:1: error: the file has 2147483648 bytes; the limit fileBytes is 4194304; "
        + "split it, or put large content into a file of its own")
  }
}
