/// Where something was written: `web/motd.yaml:3:7`.
public struct Place: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The file, relative to the tree that it was read from; `-` for standard input.
  public let file: String
  /// From 1.
  public let line: Int
  /// From 1, in characters.
  public let column: Int

  /// A place in a file.
  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// As compilers print it, so that editors can jump there.
  public var description: String { "\(file):\(line):\(column)" }

  /// In the order of files, lines and columns.
  public static func < (left: Place, right: Place) -> Bool {
    (left.file, left.line, left.column) < (right.file, right.line, right.column)
  }
}
