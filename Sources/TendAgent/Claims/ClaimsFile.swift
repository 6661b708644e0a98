private import Glibc
import Tend
import TendEngine

/// What one engine on this host says that it owns: a line of JSON for its state directory, then one
/// for each name.
///
/// It may say too much: what it no longer owns, or never came to own. Its store tells.
struct ClaimsFile {
  let path: String

  /// What a look at it costs nothing to compare.
  struct Stamp: Hashable {
    var inode: UInt64
    var size: Int64
    var seconds: Int
    var nanoseconds: Int
  }

  /// What stands in it.
  struct Contents {
    var state: String
    /// By name.
    var claims: [String: InventoryKey]
  }

  /// Nil where there is no such file.
  var stamp: Stamp? {
    var status = Glibc.stat()
    guard lstat(path, &status) == 0 else { return nil }
    return Stamp(
      inode: UInt64(status.st_ino), size: Int64(status.st_size), seconds: status.st_mtim.tv_sec,
      nanoseconds: status.st_mtim.tv_nsec)
  }

  /// What can be read of it; nil where even its first line can't be.
  func read() -> Contents? {
    guard let bytes = Self.bytes(of: path) else { return nil }
    var lines = bytes.split(separator: UInt8(ascii: "\n")).makeIterator()
    guard let first = lines.next(), case .string(let state)? = Self.value(first) else { return nil }
    var contents = Contents(state: state, claims: [:])
    while let line = lines.next() {
      guard case .list(let parts)? = Self.value(line), parts.count >= 2,
        case (.string(let provider), .string(let identity)) = (parts[0], parts[1])
      else { continue }
      var name = identity
      if parts.count > 2, case .string(let other) = parts[2] { name = other }
      contents.claims[name] = InventoryKey(provider: provider, identity: identity)
    }
    return contents
  }

  /// Replaces it with these, or adds them at its end.
  func write(_ claims: [HostClaim], of state: String, isNew: Bool) throws(StoreError) {
    let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (isNew ? O_TRUNC : O_APPEND)
    let file = open(path, flags, 0o600)
    guard file >= 0 else { throw ClaimsDirectory.error("open", path) }
    defer { close(file) }
    var text = isNew ? Value.string(state).json + "\n" : ""
    for claim in claims {
      var parts: [Value] = [.string(claim.key.provider), .string(claim.key.identity)]
      if claim.name != claim.key.identity { parts.append(.string(claim.name)) }
      text += Value.list(parts).json + "\n"
    }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw ClaimsDirectory.error("write", path) }
      rest = rest.dropFirst(count)
    }
  }

  private static func value(_ line: ArraySlice<UInt8>) -> Value? {
    try? Value(json: String(decoding: line, as: UTF8.self))
  }

  private static func bytes(of path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    while true {
      let piece = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        count = max(0, Glibc.read(file, buffer.baseAddress, buffer.count))
      }
      if piece.isEmpty { return bytes }
      bytes += piece
    }
  }
}
