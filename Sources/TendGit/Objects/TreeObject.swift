/// One directory of a commit, read from its object.
struct TreeObject: Sendable {
  /// What an entry is, by its mode.
  enum Kind: Sendable, Hashable {
    case file, directory, link, submodule
  }

  /// A name in a directory.
  struct Entry: Sendable, Hashable {
    let name: String
    let kind: Kind
    let id: ObjectID
  }

  let entries: [Entry]

  /// Reads entries of `mode name NUL id`.
  ///
  /// Nil where the bytes are no tree, or one that Git itself would never write: a name that is
  /// empty, `.`, `..` or not UTF-8, has a slash, or stands twice.
  init?(_ bytes: [UInt8]) {
    var entries: [Entry] = []
    var names: Set<String> = []
    var rest = bytes[...]
    while !rest.isEmpty {
      guard let space = rest.prefix(8).firstIndex(of: 0x20),
        let kind = Self.kind(rest[..<space]),
        let end = rest[space...].firstIndex(of: 0),
        let name = Self.name(rest[(space + 1)..<end]),
        let id = ObjectID(bytes: rest[(end + 1)...].prefix(20)),
        names.insert(name).inserted
      else { return nil }
      entries.append(Entry(name: name, kind: kind, id: id))
      rest = rest[(end + 21)...]
    }
    self.entries = entries
  }

  private static func kind(_ mode: ArraySlice<UInt8>) -> Kind? {
    var value: UInt32 = 0
    for digit in mode {
      guard digit >= 48, digit < 56 else { return nil }
      value = value << 3 | UInt32(digit - 48)
    }
    return switch value & 0o170000 {
    case 0o100000: .file
    case 0o040000: .directory
    case 0o120000: .link
    case 0o160000: .submodule
    default: nil
    }
  }

  private static func name(_ bytes: ArraySlice<UInt8>) -> String? {
    guard let name = String(validating: bytes, as: UTF8.self), !name.isEmpty, name != ".",
      name != "..", !name.utf8.contains(0x2f)
    else { return nil }
    return name
  }
}
