import Foundation
import Tend
import Testing

@testable import TendManifest

@Suite("Mutated manifests")
struct FuzzTests {
  private static let samples = [
    DeclarationTests.full, LimitTests.bomb(levels: 3, width: 3),
    """
    a: &a {<<: [{b: 1}], ? x : y}\nc: [*a, !!str 5, 'q', \"\\u00e9\\n\"]\n---\n- |\n  text\n- \
    >-\n  more\n...\n
    """,
    #"{"apiVersion": "a/v1", "kind": "K", "metadata": {"name": "n"}, "#
      + #""spec": [1, -2.5e3, "\u00e9\ud83c\udf89", null]}"#,
  ]

  private static let pieces = [
    "&a", "*a", "<<: ", "[", "]", "{", "}", "---\n", "...", "? ", ": ", "- ", "|\n", ">\n",
    "!!int ",
    "!", "%TAG ! x\n", "\"", "'", "\t", "\r", "\0", "\u{FEFF}", "\u{202E}", "#", "\\", ",", "~",
    "1e999", "\n  ",
  ].map { Array($0.utf8) }

  static func mutate(_ bytes: inout [UInt8], _ numbers: inout SeededNumbers) {
    let at = Int.random(in: 0...bytes.count, using: &numbers)
    let end = min(bytes.count, at + Int.random(in: 0..<12, using: &numbers))
    switch Int.random(in: 0..<5, using: &numbers) {
    case 0: bytes.removeSubrange(at..<end)
    case 1: bytes.insert(contentsOf: pieces.randomElement(using: &numbers) ?? [], at: at)
    case 2:
      bytes.insert(
        contentsOf: Array(bytes[at..<end]), at: Int.random(in: 0...bytes.count, using: &numbers))
    case 3 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &numbers)
    default: bytes.removeLast(Int.random(in: 0...min(8, bytes.count), using: &numbers))
    }
  }

  @Test(
    "T10: a manifest may hold any bytes: it is read, or refused at a place",
    arguments: 0..<40)
  func anything(seed: Int) {
    var numbers = SeededNumbers(seed: UInt64(seed))
    for (file, sample) in zip(["a.yaml", "a.yaml", "a.yaml", "a.json"], Self.samples) {
      for _ in 0..<40 {
        var bytes = Array(sample.utf8)
        for _ in 0..<Int.random(in: 1..<8, using: &numbers) { Self.mutate(&bytes, &numbers) }
        check(bytes, file: file)
      }
    }
  }

  @Test("T10 T12: the texts of the suites may be changed in any way", arguments: 0..<8)
  func suites(seed: Int) throws {
    var numbers = SeededNumbers(seed: UInt64(seed))
    let rounds = ProcessInfo.processInfo.environment["TEND_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1
    for (suite, file) in [("yaml-test-suite", "a.yaml"), ("json-test-suite", "a.json")] {
      // Those that are long for their depth's sake are read elsewhere.
      let cases = try Corpus.cases("\(suite).jsonl").filter { $0.bytes.count < 5000 }
      for _ in 0..<60 * max(1, rounds) {
        guard var bytes = cases.randomElement(using: &numbers)?.bytes else { continue }
        for _ in 0..<Int.random(in: 1..<5, using: &numbers) { Self.mutate(&bytes, &numbers) }
        check(bytes, file: file)
      }
    }
  }

  private func check(_ bytes: [UInt8], file: String) {
    let reading = ManifestReader().read([ManifestFile(path: file, bytes: bytes)])
    let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + 1
    for diagnostic in reading.diagnostics.all {
      #expect(diagnostic.place.map { (1...lines + 1).contains($0.line) && $0.column >= 1 } == true)
    }
    // What was read can be written, and reads back as the same.
    for document in DocumentParser().parse(bytes, file: file).documents {
      let written = YAMLWriter.write(document.value)
      if document.value != .null {
        #expect(value("--- \n" + written) == document.value, "\(written)")
      }
      for path in ["spec", "metadata.name", "a", "spec[3]"] {
        let place = document.place(of: FieldPath(path) ?? FieldPath([]))
        #expect((1...lines + 1).contains(place.line))
      }
    }
  }

  @Test(
    "T10: any value in any field is an error or a default, never a trap"
  )
  func fields() throws {
    let values: [Value] = [
      nil, true, 0, -1, .integer(.max), .number(.greatestFiniteMagnitude), "", " ", "x", [], [:],
      [nil], [[]], ["": nil], .string(String(repeating: "x", count: 100_000)),
    ]
    let document = try #require(parse(DeclarationTests.full).documents.first)
    for path in Self.paths(in: document.value) {
      for value in values {
        let changed = YAMLWriter.write(Self.replacing(document.value, path[...], by: value))
        let reading = read([("a.yaml", changed)])
        #expect(reading.declarations.count <= 1)
        for diagnostic in reading.diagnostics.all { #expect(diagnostic.place != nil) }
        for declaration in reading.declarations { _ = declaration.spec.json }
      }
    }
  }

  private static func paths(in value: Value) -> [[String]] {
    guard case .map(let fields) = value else { return [[]] }
    return fields.entries.flatMap { entry in
      [[entry.key]] + paths(in: entry.value).map { [entry.key] + $0 }
    }
  }

  private static func replacing(_ value: Value, _ path: ArraySlice<String>, by new: Value) -> Value
  {
    guard let key = path.first, case .map(var fields) = value else { return new }
    fields[key] = replacing(fields[key] ?? nil, path.dropFirst(), by: new)
    return .map(fields)
  }
}
