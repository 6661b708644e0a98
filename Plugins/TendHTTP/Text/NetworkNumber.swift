/// Numbers of the Internet Protocol, as text.
enum NetworkNumber {
  /// Whether it means this machine or its link (RFC 6890): loopback, unspecified, link-local.
  static func isLocal(_ number: String) -> Bool {
    let text = number.lowercased()
    if let octets = octets(text[...]) { return isLocal(octets) }
    if text.hasPrefix("::ffff:"), let octets = octets(text.dropFirst(7)) { return isLocal(octets) }
    return text == "::" || text == "::1" || ["fe8", "fe9", "fea", "feb"].contains(text.prefix(3))
  }

  private static func isLocal(_ octets: [UInt8]) -> Bool {
    octets[0] == 127 || octets[0] == 0 || octets.starts(with: [169, 254])
  }

  /// The four parts of a number of version 4; nil for whatever else a resolver takes for one.
  static func octets(_ text: Substring) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let octets = parts.compactMap { part in
      part.utf8.allSatisfy { (48...57).contains($0) } && (part.utf8.count == 1 || part.first != "0")
        ? UInt8(part) : nil
    }
    return parts.count == 4 && octets.count == 4 ? octets : nil
  }
}
