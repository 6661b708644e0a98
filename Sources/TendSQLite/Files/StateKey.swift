private import Crypto
internal import TendEngine

/// The secret with which a store keys its digests: 32 random bytes in a file with mode 0600.
///
/// Whoever has the store but not the key can't guess back what was digested.
struct StateKey: Sendable {
  private static let name = "key"
  private let key: SymmetricKey

  /// One that is gone with the process, for a store that does not exist yet.
  init() { key = SymmetricKey(size: .bits256) }

  private init(_ bytes: [UInt8]) { key = SymmetricKey(data: bytes) }

  /// Reads the key; nil where there is none.
  init?(in directory: StateDirectory) throws(StoreError) {
    guard let bytes = try directory.read(Self.name, limit: 4096) else { return nil }
    guard bytes.count == 32 else {
      throw .corrupt(directory.path(of: Self.name), "it should have 32 bytes")
    }
    self.init(bytes)
  }

  /// Keeps the key.
  func write(to directory: StateDirectory) throws(StoreError) {
    try directory.replace(Self.name, with: key.withUnsafeBytes { Array($0) })
  }

  /// HMAC-SHA-256 (RFC 2104), in hexadecimal.
  func digest(of bytes: [UInt8]) -> String {
    var text = ""
    text.reserveCapacity(64)
    for byte in HMAC<SHA256>.authenticationCode(for: bytes, using: key) {
      if byte < 16 { text += "0" }
      text += String(byte, radix: 16)
    }
    return text
  }
}
