import Tend

/// The text of one file while it is read.
struct SourceText: Sendable {
  enum Format: Sendable {
    case yaml
    case json
  }

  let file: String
  /// Without a byte order mark.
  let bytes: [UInt8]
  let format: Format

  init(file: String, bytes: [UInt8], format: Format? = nil) {
    self.file = file
    self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    self.format = format ?? (file.hasSuffix(".json") ? .json : .yaml)
  }

  /// From a line and a column that count from 0.
  func place(_ line: Int, _ column: Int) -> Place { Self.place(file, line, column) }

  static func place(_ file: String, _ line: Int, _ column: Int) -> Place {
    Place(file: file, line: line &+ 1, column: column &+ 1)
  }
}
