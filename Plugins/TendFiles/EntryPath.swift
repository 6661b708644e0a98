private import CTendFiles

/// The absolute, normalised path of a directory entry; the identity of all kinds of this provider.
///
/// In a unit with a root it is `ROOT//PATH`, so that it stays known, also when nothing is declared
/// any more, where links must not lead out of.
///
/// Two are equal where their bytes are: unlike text, a path in another Unicode normalisation is
/// another path.
public struct EntryPath: Sendable, LosslessStringConvertible {
  /// The path, with one slash before each component and none at the end; two after a unit's root.
  public let description: String

  /// The longest path that the kernel takes, without its NUL.
  static let longest = 4095
  /// The longest name that common file systems take.
  static let longestName = 255

  /// Reads a path that is already absolute and normalised; nil for any other.
  public init?(_ description: String) {
    if let rooted = RootedPath(description) {
      guard RootedPath(rooted.path) == nil, let root = EntryPath(rooted.root),
        let path = EntryPath(rooted.path)
      else { return nil }
      self.init(unchecked: "\(root)/\(path)")
      return
    }
    guard let path = try? EntryPath(normalising: description), path.description == description
    else { return nil }
    self = path
  }

  private init(unchecked description: String) {
    self.description = description
  }

  /// Stands in for a path that was refused.
  static let unreadable = EntryPath(unchecked: "/?")

  /// Reads a path as people write it in a unit with a root.
  init(normalising text: String, below root: String?) throws(PathMistake) {
    let path = try EntryPath(normalising: text)
    guard let root, let root = try? EntryPath(normalising: root) else {
      self = path
      return
    }
    guard root.description.utf8.count + path.description.utf8.count < Self.longest else {
      throw .tooLong
    }
    self.init(unchecked: "\(root)/\(path)")
  }

  /// The path as the machine knows it, with one slash everywhere.
  var onMachine: String {
    guard let rooted = RootedPath(description) else { return description }
    return rooted.root + rooted.path
  }

  /// Reads a path as people write it.
  ///
  /// Repeated slashes, `.` and a slash at the end are taken out, since they never change what the
  /// path leads to. `..` is refused: behind a link it would lead elsewhere than it reads.
  init(normalising text: String) throws(PathMistake) {
    guard text.utf8.first == UInt8(ascii: "/") else { throw .relative }
    guard !text.utf8.contains(0) else { throw .containsNUL }
    guard text.utf8.count <= Self.longest else { throw .tooLong }
    if Self.isNormal(text.utf8) {
      description = text
      return
    }
    var normal = ""
    normal.reserveCapacity(text.utf8.count)
    for name in text.utf8.split(separator: UInt8(ascii: "/")) where !name.elementsEqual(".".utf8) {
      guard !name.elementsEqual("..".utf8) else { throw .leadsUp }
      guard name.count <= Self.longestName else { throw .nameTooLong }
      normal += "/"
      normal += String(Substring(name))
    }
    guard !normal.isEmpty else { throw .isRoot }
    description = normal
  }

  /// Whether there is nothing to take out and nothing to refuse, in one pass.
  private static func isNormal(_ bytes: String.UTF8View) -> Bool {
    var length = 0
    var dots = 0
    var first = true
    func endsWell() -> Bool {
      length > 0 && length <= longestName && !(length <= 2 && dots == length)
    }
    for byte in bytes {
      if byte == UInt8(ascii: "/") {
        guard first || endsWell() else { return false }
        (length, dots, first) = (0, 0, false)
      } else {
        length += 1
        if byte == UInt8(ascii: ".") { dots += 1 }
      }
    }
    return endsWell()
  }

  /// The path of the directory that holds the entry; empty for the root directory.
  var parent: String { String(description[..<lastSlash]) }

  /// The name of the entry in that directory.
  var name: String { String(description[description.index(after: lastSlash)...]) }

  private var lastSlash: String.Index {
    description.utf8.lastIndex(of: UInt8(ascii: "/")) ?? description.startIndex
  }

  /// The directories above, the nearest first, without the root directory, or that of the unit.
  var ancestors: [EntryPath] {
    var found: [EntryPath] = []
    var rest = parent
    while !rest.isEmpty, rest.utf8.last != UInt8(ascii: "/") {
      let path = EntryPath(unchecked: rest)
      found.append(path)
      rest = path.parent
    }
    return found
  }
}

/// A path in a unit with a root, taken apart.
struct RootedPath {
  /// The root's path on the machine.
  let root: String
  /// The path below it; empty for the root itself.
  let path: String

  /// Nil for a path of the machine.
  init?(_ path: String) {
    let slash = UInt8(ascii: "/")
    var before: UInt8 = 0
    for index in path.utf8.indices {
      if path.utf8[index] == slash, before == slash {
        root = String(path[..<path.utf8.index(before: index)])
        self.path = String(path[index...])
        return
      }
      before = path.utf8[index]
    }
    guard before == slash, path.utf8.count > 1 else { return nil }
    root = String(path.dropLast())
    self.path = ""
  }
}

extension EntryPath: Hashable {
  /// Equal where the bytes are.
  public static func == (left: EntryPath, right: EntryPath) -> Bool {
    left.description.hasSameBytes(as: right.description)
  }

  /// By the bytes.
  public func hash(into hasher: inout Hasher) {
    description.hashBytes(into: &hasher)
  }
}

extension EntryPath {
  /// By the bytes.
  static func < (left: EntryPath, right: EntryPath) -> Bool {
    left.description.precedes(right.description)
  }
}

extension String {
  /// Whether its bytes come before those of another.
  func precedes(_ other: String) -> Bool {
    let order = utf8.withContiguousStorageIfAvailable { left in
      other.utf8.withContiguousStorageIfAvailable { left.lexicographicallyPrecedes($0) }
    }
    return (order ?? nil) ?? utf8.lexicographicallyPrecedes(other.utf8)
  }

  /// Whether both are the same bytes; `==` would take canonically equivalent texts for one.
  func hasSameBytes(as other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    let isSame = utf8.withContiguousStorageIfAvailable { mine in
      other.utf8.withContiguousStorageIfAvailable { theirs in
        tend_are_same(mine.baseAddress, theirs.baseAddress, mine.count) != 0
      }
    }
    return (isSame ?? nil) ?? utf8.elementsEqual(other.utf8)
  }

  func hashBytes(into hasher: inout Hasher) {
    let hashed: Void? = utf8.withContiguousStorageIfAvailable {
      hasher.combine(bytes: UnsafeRawBufferPointer($0))
    }
    if hashed == nil { for byte in utf8 { hasher.combine(byte) } }
  }
}

/// Why a text is no path of an entry.
enum PathMistake: Error, Hashable {
  case relative, containsNUL, tooLong, nameTooLong, leadsUp, isRoot

  /// What is wrong, to follow the name of the field.
  var message: String {
    switch self {
    case .relative: "is not an absolute path"
    case .containsNUL: "contains a NUL"
    case .tooLong: "is longer than \(EntryPath.longest) bytes"
    case .nameTooLong: "has a name that is longer than \(EntryPath.longestName) bytes"
    case .leadsUp: "contains .."
    case .isRoot: "is the root directory"
    }
  }

  /// What to do about it.
  var remedy: String {
    switch self {
    case .relative: "begin it with a slash"
    case .containsNUL: "take the NUL out"
    case .tooLong, .nameTooLong: "choose a shorter one"
    case .leadsUp: "write out where it leads"
    case .isRoot: "choose a path below it"
    }
  }
}
