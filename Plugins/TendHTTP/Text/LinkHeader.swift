/// Reads `Link` headers (RFC 8288).
enum LinkHeader {
  /// The target of the first link with this relation; nil where there is none.
  static func target(of relation: String, in header: String) -> String? {
    var rest = header[...]
    while let open = rest.firstIndex(of: "<") {
      guard let close = rest[open...].firstIndex(of: ">") else { return nil }
      let target = rest[rest.index(after: open)..<close]
      let (parameters, end) = parameters(rest[rest.index(after: close)...])
      if parameters.contains(where: { matches($0, relation) }) { return String(target) }
      rest = end
    }
    return nil
  }

  /// What stands between a target and the comma after it, in which quotes may hide commas.
  private static func parameters(_ text: Substring) -> ([Substring], Substring) {
    var isQuoted = false
    var start = text.startIndex
    var parameters: [Substring] = []
    for index in text.indices {
      switch text[index] {
      case "\"": isQuoted.toggle()
      case ";" where !isQuoted, "," where !isQuoted:
        parameters.append(text[start..<index])
        start = text.index(after: index)
        if text[index] == "," { return (parameters, text[start...]) }
      default: break
      }
    }
    return (parameters + [text[start...]], text[text.endIndex...])
  }

  private static func matches(_ parameter: Substring, _ relation: String) -> Bool {
    let parts = parameter.split(separator: "=", maxSplits: 1)
    guard parts.count == 2, parts[0].trimmed.lowercased() == "rel" else { return false }
    var value = parts[1].trimmed[...]
    if value.hasPrefix("\""), value.hasSuffix("\""), value.utf8.count > 1 {
      value = value.dropFirst().dropLast()
    }
    return value.split(separator: " ").contains { $0.lowercased() == relation }
  }
}
