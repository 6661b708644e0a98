/// A command that must accept a new content before it takes the place of the old one.
struct Validation: Sendable, Hashable {
  /// What stands for the path of the new content.
  static let placeholder = "{file}"
  /// The most arguments, and the most bytes of each.
  static let (mostArguments, longestArgument) = (64, 4096)

  /// Program and arguments, with the placeholder in at least one argument.
  let arguments: [String]

  /// Program and arguments for a file.
  func arguments(for path: String) -> [String] {
    arguments.map { $0.replacing(Self.placeholder, with: path) }
  }

  /// How the check of a content ended.
  enum Verdict: Sendable, Hashable {
    case accepted
    /// It said no, with this status, or minus the signal that ended it.
    case refused(Int32)
    /// There is no such program.
    case notFound
    /// It may not be run.
    case notRunnable
    case late

    init(_ status: Int32) {
      self =
        switch status {
        case 0: .accepted
        case 127: .notFound
        case 126: .notRunnable
        default: .refused(status)
        }
    }
  }

  /// Why these arguments are no command; nil where they are one.
  static func mistake(in arguments: [String]) -> (message: String, remedy: String)? {
    if arguments.first.map(\.isEmpty) ?? true {
      return (
        "names no program", "begin the list with a program, such as [sshd, -t, -f, \"{file}\"]"
      )
    }
    guard arguments.count <= mostArguments,
      arguments.allSatisfy({ $0.utf8.count <= longestArgument && !$0.utf8.contains(0) })
    else {
      return ("has too many arguments, too long ones, or a NUL", "move the command to a script")
    }
    guard arguments.dropFirst().contains(where: { $0.contains(placeholder) }) else {
      return (
        "does not say where the new content is", "put \"{file}\" where the command takes a path"
      )
    }
    return nil
  }
}
