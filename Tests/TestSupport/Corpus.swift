internal import Foundation

/// Inputs worth keeping, from which fuzzing starts.
///
/// They say what is understood and what is refused; what once went wrong comes to them.
public enum Corpus {
  /// The cases of `Corpus/FILE` beside the tests that ask, a line of JSON each.
  public static func cases<Case: Decodable>(
    _ file: String, of type: Case.Type = Case.self, beside source: String = #filePath
  ) throws -> [Case] {
    let url = URL(filePath: source).deletingLastPathComponent().appending(path: "Corpus/\(file)")
    return try Data(contentsOf: url).split(separator: UInt8(ascii: "\n")).map { line in
      try JSONDecoder().decode(type, from: Data(line))
    }
  }
}
