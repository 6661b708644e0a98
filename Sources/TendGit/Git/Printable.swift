/// Texts that others wrote, made fit for a terminal and a log.
enum Printable {
  /// One line without control characters or directional marks, cut to a number of characters.
  static func line(_ text: String, limit: Int) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(limit * 4) {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .format, .surrogate, .privateUse:
        result.append(" ")
      default: result.append(scalar)
      }
    }
    let line = String(result)
    return line.count > limit ? line.prefix(limit) + "…" : line
  }
}
