import Foundation
import Tend
import Testing

/// Cases that others publish; see `Corpus/README.md`.
struct Corpus {
  /// One text, and what becomes of it.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    /// The values of its documents; nil where the suite names none.
    let values: [Value]?
    /// Whether the suite calls it wrong.
    let isWrong: Bool

    var testDescription: String { name }
  }

  /// All cases of a file, a line each.
  static func cases(_ file: String) throws -> [Case] {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus/\(file)")
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
      try Case(Value(json: String(line)))
    }
  }
}

extension Corpus.Case {
  fileprivate init(_ value: Value) throws {
    name = Self.text(value, "id") ?? Self.text(value, "name") ?? ""
    isWrong = value.value(at: "fail") == true || name.hasPrefix("n_")
    values =
      if case .list(let values)? = value.value(at: "json") { values } else { nil }
    if let digits = Self.text(value, "hex") {
      bytes = stride(from: 0, to: digits.count, by: 2).compactMap { offset in
        UInt8(digits.dropFirst(offset).prefix(2), radix: 16)
      }
    } else {
      let text = Self.text(value, "yaml") ?? Self.text(value, "text") ?? ""
      let times =
        if case .integer(let times)? = value.value(at: "times") { Int(times) } else { 1 }
      bytes = Array(String(repeating: text, count: times).utf8)
    }
  }

  private static func text(_ value: Value, _ field: String) -> String? {
    if case .string(let text)? = value.value(at: field) { text } else { nil }
  }
}
