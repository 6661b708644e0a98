internal import Foundation
internal import Testing

/// A secret that must show nowhere.
///
/// Each run of the built command has it in its environment, tests hand it to services as password
/// and token, and whatever a run has written is searched for it.
public enum Canary {
  /// What every such secret begins with.
  public static let marker = "canary-5f2b"

  /// As it is, and as a part of any text in Base64.
  private static let forms: [Data] =
    [Data(marker.utf8)] + (0..<3).map { Data(inBase64(behind: $0).utf8) }

  /// What is the same whatever stands before and behind, in Base64 at that distance from its start.
  private static func inBase64(behind count: Int) -> Substring {
    let text = (Data(count: count) + Data(marker.utf8)).base64EncodedString()
    let last = (count + marker.utf8.count) * 8 / 6
    return text.prefix(last).dropFirst((count * 8 + 5) / 6)
  }

  /// Whether it shows in a text.
  public static func shows(in text: String) -> Bool { shows(in: Data(text.utf8)) }

  private static func shows(in bytes: Data) -> Bool {
    forms.contains { bytes.range(of: $0) != nil }
  }

  /// The test fails where it shows in what a run has written or said.
  static func check(_ output: Tend.Output, of arguments: [String], in folder: TemporaryFolder) {
    let command = arguments.joined(separator: " ")
    for (name, text) in [("output", output.out), ("errors", output.errors)] where shows(in: text) {
      Issue.record("a secret shows in the \(name) of tend \(command):\n\(text)")
    }
    let named = zip(arguments, arguments.dropFirst()).first { $0.0 == "--state-dir" }?.1
    for state in Set([folder.path("state"), folder.path("tend"), named].compactMap { $0 }) {
      let files = FileManager.default.enumerator(atPath: state)
      while let file = files?.nextObject() as? String {
        guard files?.fileAttributes?[.type] as? FileAttributeType == .typeRegular,
          let bytes = FileManager.default.contents(atPath: "\(state)/\(file)"), shows(in: bytes)
        else { continue }
        Issue.record("a secret shows in \(state)/\(file) after tend \(command)")
      }
    }
  }
}
