/// A URL of HTTP in its parts (RFC 3986), as far as a client must tell them apart.
struct WebAddress: Sendable, Hashable, CustomStringConvertible {
  let isSecure: Bool
  /// A name or an address, in lower case, an IPv6 address in brackets.
  let host: String
  let port: Int
  /// Begins with a slash; with its query, without a fragment.
  var target: String

  /// Nil for what is not `http` or `https`, has no host, or holds a name and a password.
  init?(_ text: String) {
    guard let (isSecure, rest) = Self.afterScheme(text[...]) else { return nil }
    let end = rest.utf8.firstIndex { Self.isOneOf("/?#", $0) } ?? rest.endIndex
    let authority = rest[..<end]
    guard !authority.utf8.contains(UInt8(ascii: "@")),
      let (host, port) = Self.hostAndPort(authority, isSecure ? 443 : 80)
    else { return nil }
    self.isSecure = isSecure
    self.host = host
    self.port = port
    let fragment = rest.utf8[end...].firstIndex(of: UInt8(ascii: "#")) ?? rest.endIndex
    let target = Percent.normalized(rest[end..<fragment])
    self.target = target.utf8.first == UInt8(ascii: "/") ? target : "/" + target
    guard self.target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
  }

  private static func isOneOf(_ characters: StaticString, _ byte: UInt8) -> Bool {
    characters.withUTF8Buffer { $0.contains(byte) }
  }

  private static func afterScheme(_ text: Substring) -> (isSecure: Bool, rest: Substring)? {
    for (scheme, isSecure) in [("http://", false), ("https://", true)] {
      let start = text.utf8.prefix(scheme.utf8.count)
      // Letters differ from their capitals by one bit, which the other characters have.
      if start.elementsEqual(scheme.utf8, by: { $0 == $1 || $0 | 0x20 == $1 && $1 > 0x60 }) {
        return (isSecure, text[start.endIndex...])
      }
    }
    return nil
  }

  private static func hostAndPort(_ text: Substring, _ usual: Int) -> (String, Int)? {
    var host = text
    var port = usual
    let colon = text.utf8.lastIndex(of: UInt8(ascii: ":"))
    if let colon, !text.utf8[colon...].contains(UInt8(ascii: "]")) {
      let digits = text[text.utf8.index(after: colon)...]
      guard let number = Int(digits), (1...65535).contains(number), !digits.hasPrefix("+") else {
        return nil
      }
      port = number
      host = text[..<colon]
    }
    guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x5C }) else {
      return nil
    }
    if host.hasPrefix("[") != host.hasSuffix("]") { return nil }
    return (host.lowercased(), port)
  }

  /// Scheme, host and port: what a credential is good for.
  var origin: String {
    let isUsual = port == (isSecure ? 443 : 80)
    return (isSecure ? "https://" : "http://") + host + (isUsual ? "" : ":\(port)")
  }

  /// As it stands in a `Host` header.
  var authority: String { String(origin.drop { $0 != "/" }.dropFirst(2)) }

  var description: String { origin + target }

  /// The path without a query.
  var path: String { String(target.prefix { $0 != "?" }) }

  /// Whether nothing leaves this machine on the way there.
  var isLoopback: Bool {
    if host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" { return true }
    return NetworkNumber.octets(host[...])?.first == 127
  }

  /// Whether the host is a number, which leads nowhere else tomorrow.
  var isNumber: Bool { host.hasPrefix("[") || NetworkNumber.octets(host[...]) != nil }

  /// What this port of this machine is called.
  var onThisMachine: String { (isSecure ? "https" : "http") + "://127.0.0.1:\(port)/" }

  func hasSameOrigin(as other: WebAddress) -> Bool {
    isSecure == other.isSecure && host == other.host && port == other.port
  }

  /// Whether a step of the path leads upward, where a server may understand it so.
  var hasDots: Bool {
    path.split(separator: "/").contains { $0 == "." || $0 == ".." }
  }

  /// This address with more behind its path; `relative` begins with a slash or a question mark.
  func appending(_ relative: String) -> WebAddress {
    var result = self
    var base = path[...]
    while base.hasSuffix("/") { base.removeLast() }
    result.target = base + relative
    if !result.target.hasPrefix("/") { result.target = "/" + result.target }
    return result
  }

  /// What a reference in a header means here (RFC 3986, section 5.2); nil where it is no address.
  func resolving(_ reference: String) -> WebAddress? {
    let reference = Percent.normalized(reference.trimmed)
    if reference.contains("://") { return WebAddress(reference) }
    if reference.hasPrefix("//") { return WebAddress((isSecure ? "https:" : "http:") + reference) }
    if reference.hasPrefix("/") { return WebAddress(origin + Self.withoutDots(reference[...])) }
    if reference.hasPrefix("?") { return WebAddress(origin + path + reference) }
    let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
    return WebAddress(origin + Self.withoutDots((folder + reference)[...]))
  }

  private static func withoutDots(_ text: Substring) -> String {
    let query = text.drop { $0 != "?" }
    var segments: [Substring] = []
    let all = text.dropLast(query.count).split(separator: "/", omittingEmptySubsequences: false)
    for (index, segment) in all.enumerated() {
      switch segment {
      case "..": if segments.count > 1 { segments.removeLast() }
      case ".": break
      default: segments.append(segment)
      }
      if index == all.count - 1, segment == "." || segment == ".." { segments.append("") }
    }
    return segments.joined(separator: "/") + query
  }
}
