import Testing

/// The table of failures says what the names of the tests say.
struct FailureTests {
  private static let document = "Tests/Failures.md"

  /// The files whose tests name an id, by id.
  private static func tested() throws -> [String: Set<String>] {
    var files: [String: Set<String>] = [:]
    for path in Tree.files(".swift", in: ["Tests"]) {
      let file = path.split(separator: "/").last.map { $0.dropLast(".swift".count) } ?? ""
      let names = try Tree.text(path).matches(of: /@(?:Test|Suite)\(\s*"((?:[^"\\]|\\.)*)"/)
      for name in names {
        for id in name.output.1.matches(of: /\bT\d\db?\b/) {
          files[String(id.output), default: []].insert(String(file))
        }
      }
    }
    return files
  }

  /// The last column of the table, by id.
  private static func listed() throws -> [String: String] {
    let rows = try Tree.text(document).matches(
      of: /^\| (T\d\db?) \| .+ \| (.+) \|$/.anchorsMatchLineEndings())
    return Dictionary(
      rows.map { (String($0.output.1), String($0.output.2)) }, uniquingKeysWith: { "\($0), \($1)" })
  }

  @Test("each failure names the files that test it, or says why none does")
  func table() throws {
    let (tested, listed) = (try Self.tested(), try Self.listed())
    #expect(listed.count > 70)
    for (id, files) in tested {
      #expect(listed[id] == files.sorted().joined(separator: ", "), "\(id) in \(Self.document)")
    }
    let names = Set(tested.values.joined())
    for (id, text) in listed where tested[id] == nil {
      #expect(text.contains(" ") && !names.contains(text), "\(id) is tested by none: \(text)")
    }
  }
}
