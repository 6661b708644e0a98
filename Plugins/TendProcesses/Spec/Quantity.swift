/// An amount of bytes as people write it: `512`, `64Ki`, `10Mi`, `1Gi`, `5M`.
struct Quantity: Hashable {
  let bytes: Int64

  private static let units: [(suffix: String, size: Int64)] = [
    ("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("Ti", 1 << 40),
    ("k", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000),
  ]

  init?(_ text: String) {
    let unit = Self.units.first { text.hasSuffix($0.suffix) }
    let digits = text.dropLast(unit?.suffix.count ?? 0)
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }),
      let number = Int64(digits)
    else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: unit?.size ?? 1)
    guard !overflow else { return nil }
    self.bytes = bytes
  }
}

/// Where a question is asked: `localhost` or a numeric address, and a port.
struct Endpoint: Hashable {
  let host: String
  /// May hold `{replica}`.
  let port: String

  init?(_ text: Substring) {
    let host: Substring
    let port: Substring
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard rest.hasPrefix(":") else { return nil }
      port = rest.dropFirst()
    } else {
      guard let colon = text.firstIndex(of: ":") else { return nil }
      host = text[..<colon]
      port = text[text.index(after: colon)...]
    }
    guard host == "localhost" || Self.isNumeric(host), Self.isPort(port) else { return nil }
    self.host = String(host)
    self.port = String(port)
  }

  private static func isNumeric(_ host: Substring) -> Bool {
    if host.contains(":") {
      return host.utf8.allSatisfy { byte in
        (48...58).contains(byte) || (97...102).contains(byte) || (65...70).contains(byte)
          || byte == UInt8(ascii: ".")
      }
    }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }

  /// A port for the replicas that there may be.
  private static func isPort(_ port: Substring) -> Bool {
    guard let number = UInt16(String(port).expanded(for: 0)) else { return false }
    return number > 0 || port.contains("{replica}")
  }
}
