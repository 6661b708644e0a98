private import Glibc

/// Where results and diagnostics go: standard output and standard error of this process.
///
/// A reader that is gone is no error: what can't be written any more is dropped.
struct Console: Sendable {
  /// Whether a person reads standard output.
  let isTerminal: Bool
  /// Whether a person can be asked on standard input.
  let canAsk: Bool
  /// For standard output.
  let style: Style
  /// For standard error.
  let errorStyle: Style

  /// Looks at the descriptors; colour only on a terminal, and never with `NO_COLOR`
  /// (no-color.org) or a terminal that is dumb.
  init(environment: (String) -> String?) {
    let allowsColour = (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb"
    isTerminal = isatty(STDOUT_FILENO) == 1
    canAsk = isatty(STDIN_FILENO) == 1
    style = Style(hasColour: isTerminal && allowsColour)
    errorStyle = Style(hasColour: isatty(STDERR_FILENO) == 1 && allowsColour)
  }

  /// Writes a result; false where nobody reads it any more.
  @discardableResult
  func out(_ text: String) -> Bool { Self.write(text, to: STDOUT_FILENO) }

  /// Writes a diagnostic.
  func error(_ text: String) { _ = Self.write(text, to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Asks for a yes; anything else, and the end of the input, is a no.
  func confirm(_ question: String) -> Bool {
    error("\(question) Only yes will do: ")
    return readLine(strippingNewline: true) == "yes"
  }
}
