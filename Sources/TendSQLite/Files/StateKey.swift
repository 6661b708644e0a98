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
    let code = HMAC<SHA256>.authenticationCode(for: bytes, using: key)
    return String(unsafeUninitializedCapacity: 2 * code.byteCount) { text in
      for (index, byte) in code.enumerated() {
        text[2 * index] = Self.digit(byte >> 4)
        text[2 * index + 1] = Self.digit(byte & 15)
      }
      return 2 * code.byteCount
    }
  }

  private static func digit(_ half: UInt8) -> UInt8 {
    half + (half < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
  }
}
