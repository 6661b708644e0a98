/// The permission bits of an entry: `0644`.
struct Permissions: Hashable, Sendable, CustomStringConvertible {
  /// The lowest twelve bits of `st_mode`.
  let bits: UInt32

  /// Takes the permission bits of any mode.
  init(_ mode: UInt32) { bits = mode & 0o7777 }

  /// Reads three or four octal digits; nil for anything else.
  init?(_ text: String) {
    let digits = text.utf8
    guard digits.count == 3 || digits.count == 4,
      digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "7") }),
      let bits = UInt32(text, radix: 8)
    else { return nil }
    self.bits = bits
  }

  /// Four octal digits, as they are written in a manifest.
  var description: String {
    let octal = String(bits, radix: 8)
    return String(repeating: "0", count: max(0, 4 - octal.count)) + octal
  }

  /// Whether everybody may read; only then is content shown.
  var areReadableByOthers: Bool { bits & 0o004 != 0 }

  /// Whether anybody besides the owner may write.
  var areWritableByOthers: Bool { bits & 0o022 != 0 }

  /// Whether who runs the file gets the rights of its owner or its group.
  var givesRights: Bool { bits & 0o6000 != 0 }

  /// What a file gets where no mode is declared, whatever the umask.
  static let ofFile = Permissions(0o644)
  /// What a directory gets where no mode is declared, whatever the umask.
  static let ofDirectory = Permissions(0o755)
}
