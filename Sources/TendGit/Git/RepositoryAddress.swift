internal import Tend
internal import TendEngine

/// Where a repository is: a URL, `host:path` for ssh, or a path on this machine.
///
/// A password in a URL is taken out at once. It reaches Git through its environment, never through
/// arguments that others can list, and no text that is made from an address contains it.
struct RepositoryAddress: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
  /// What Git is given: without a password.
  let remote: String
  /// What people are shown: without a user or a password, unless the user is part of ssh's address.
  let description: String
  /// The base of the URL that the password is for, and the header that carries it.
  let authorization: Authorization?
  /// All that must not be printed.
  private let secrets: [Sensitive<String>]

  /// For debuggers and dumps: as people are shown it.
  var customMirror: Swift.Mirror { Swift.Mirror(reflecting: description) }

  /// A password for one server.
  struct Authorization: Sendable, Hashable {
    let scope: String
    let header: Sensitive<String>
  }

  /// Checks an address; a text that Git would take for an option or a program is refused.
  init(_ text: String) throws(SourceError) {
    guard !text.isEmpty else { throw Self.refused("is empty", "give a URL or an absolute path") }
    guard !text.hasPrefix("-") else {
      throw Self.refused("begins with `-`", "give a URL or an absolute path")
    }
    guard text.utf8.count <= 4096, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
      throw Self.refused(
        "has spaces or control characters, or more than 4,096 bytes", "encode them as %20")
    }
    if let scheme = Self.scheme(of: text) {
      try self.init(url: text, scheme: scheme)
    } else {
      try self.init(pathOrHost: text)
    }
  }

  private init(pathOrHost text: String) throws(SourceError) {
    if !text.hasPrefix("/") {
      guard let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/") else {
        throw Self.refused("is a relative path", "give an absolute path or a URL")
      }
      guard !text[text.index(after: colon)...].hasPrefix(":") else {
        throw Self.refused(
          "names a remote helper, which is a program", "use https, ssh or an absolute path")
      }
    }
    remote = text
    description = text
    authorization = nil
    secrets = []
  }

  private init(url text: String, scheme: String) throws(SourceError) {
    guard ["https", "http", "ssh", "git", "file"].contains(scheme) else {
      throw Self.refused("has the scheme \(scheme)", "use https, http, ssh, git or file")
    }
    let rest = text.dropFirst(scheme.utf8.count + 3)
    let end = rest.firstIndex(of: "/") ?? rest.endIndex
    guard let at = rest[..<end].lastIndex(of: "@") else {
      try Self.check(host: rest[..<end])
      remote = text
      description = text
      authorization = nil
      secrets = []
      return
    }
    let host = rest[rest.index(after: at)..<end]
    try Self.check(host: host)
    let bare = "\(scheme)://\(host)"
    let user = rest[..<at].prefix { $0 != ":" }
    let password = rest[..<at].dropFirst(user.count + 1)
    let web = scheme == "https" || scheme == "http"
    description = (web ? bare : "\(scheme)://\(user)@\(host)") + rest[end...]
    if password.isEmpty {
      remote = text
      authorization = nil
      secrets = web ? [Sensitive(String(rest[..<at])), Sensitive(String(user))] : []
      return
    }
    guard web else {
      throw Self.refused(
        "has a password, which \(scheme) does not use", "leave it out and use a key")
    }
    let credentials = Self.decoded(user) + [0x3a] + Self.decoded(password)
    let header = Base64.encode(credentials)
    remote = bare + rest[end...]
    authorization = Authorization(scope: bare, header: Sensitive("Authorization: Basic \(header)"))
    // A name that short is no token, and stands in many a word of a message.
    let named = user.utf8.count < 4 ? [] : [String(user)]
    secrets =
      ([
        String(rest[..<at]), String(decoding: credentials, as: UTF8.self), String(password),
        String(decoding: Self.decoded(password), as: UTF8.self), header,
      ] + named).map { Sensitive($0) }
  }

  /// The text with all that must not be printed taken out.
  func redact(_ text: String) -> String {
    var text = text
    // The longer ones first: one may be a part of another.
    for secret in secrets.map({ $0.reveal() }).sorted(by: {
      ($0.utf8.count, $0) > ($1.utf8.count, $1)
    })
    where !secret.isEmpty {
      text = text.split(separator: secret, omittingEmptySubsequences: false)
        .joined(separator: "***")
    }
    return text
  }

  /// The text with users and passwords taken out of all URLs in it, such as those that the user's
  /// own configuration of Git puts in the place of ours.
  static func masked(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let mark = rest.firstRange(of: "://") {
      result += rest[..<mark.upperBound]
      rest = rest[mark.upperBound...]
      let authority = rest.prefix { !"/'\"`<> \t\n".contains($0) }
      guard let at = authority.lastIndex(of: "@"), authority[..<at].contains(":") else { continue }
      result += "***"
      rest = rest[at...]
    }
    return result + rest
  }

  private static func scheme(of text: String) -> String? {
    var end = text.startIndex
    while end < text.endIndex, text[end].isASCII, text[end].isLetter || "+-.".contains(text[end]) {
      end = text.index(after: end)
    }
    guard end > text.startIndex, text[end...].hasPrefix("://") else { return nil }
    return String(text[..<end])
  }

  private static func check(host: Substring) throws(SourceError) {
    guard !host.hasPrefix("-") else {
      throw refused("has a host that begins with `-`", "give the host's name")
    }
  }

  private static func decoded(_ text: Substring) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = text.utf8
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == 0x25, digits.count == 2, let value = UInt8(String(Substring(digits)), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }

  /// The text itself is not quoted: it may hold a password.
  private static func refused(_ why: String, _ remedy: String) -> SourceError {
    SourceError(.host, "the repository's address \(why)", remedy: remedy)
  }
}

/// Base64 (RFC 4648), for an HTTP header.
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: [UInt8]) -> String {
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
      for index in 0..<4 {
        let digit = Int(bits >> (18 - 6 * UInt32(index)) & 63)
        result.append(index <= group.count ? alphabet[digit] : 0x3d)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
