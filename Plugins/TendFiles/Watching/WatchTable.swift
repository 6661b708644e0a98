/// Which directories are watched for which entries, and what an event means for them.
///
/// Pure. One watch for each directory that holds a declared entry, however many it holds.
struct WatchTable {
  /// What an event means.
  enum Meaning {
    /// Nothing that is declared.
    case nothing
    /// These may have changed.
    case touched([Touch])
    /// Directories are no longer what they were, nor is anything below them.
    case replaced(Replaced)
    /// Events were lost.
    case lostTrack
  }

  /// An entry that an event tells of.
  struct Touch {
    let attention: Attention
    /// Where to look at it; nil where it has certainly changed.
    let place: (directory: String, name: String)?
  }

  /// What has gone with a directory.
  struct Replaced {
    /// Those of the directories.
    var paths: [String] = []
    /// What is declared in them.
    var entries: [EntryPath] = []
    /// The watches that are of no use any more.
    var numbers: [Int32] = []
  }

  private struct Directory {
    var number: Int32
    var device: UInt64
    var inode: UInt64
    var token: UInt64
    var members = WatchMembers()
  }

  private var directories: [ByteText: Directory] = [:]
  /// The paths that lead to what a watch watches; more than one where links do.
  private var paths: [Int32: [ByteText]] = [:]
  private var lastToken: UInt64

  /// `lastToken` is the last token that another table has given.
  init(after lastToken: UInt64 = 0) {
    self.lastToken = lastToken
  }

  /// The last token that was given.
  var latestToken: UInt64 { lastToken }
  /// How many directories are watched.
  var count: Int { paths.count }

  // MARK: Interest

  /// Adds an entry to those that a watched directory tells of; the token of its watch.
  ///
  /// Nil where there is no watch yet of what is now at this path.
  mutating func join(
    _ attention: Attention, as name: String, in path: String, _ directory: Identity
  ) -> UInt64? {
    let key = ByteText(path)
    guard let known = directories[key], known.device == directory.device,
      known.inode == directory.inode
    else { return nil }
    add(attention, ByteText(name), to: key)
    attention.follow(known.token)
    return known.token
  }

  /// What tells one directory from another.
  struct Identity: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  /// This watch tells of what is now at this path; the watch that nobody needs any more, if any.
  mutating func watch(_ path: String, _ directory: Identity, number: Int32) -> Int32? {
    let key = ByteText(path)
    lastToken += 1
    let old = directories[key]
    directories[key] = Directory(
      number: number, device: directory.device, inode: directory.inode, token: lastToken,
      members: old?.members ?? WatchMembers())
    if paths[number]?.contains(key) != true { paths[number, default: []].append(key) }
    guard let old, old.number != number else { return nil }
    return release(old.number, key)
  }

  /// An entry is no longer of interest; the watch that nobody needs any more, if any.
  mutating func leave(_ id: EntryPath) -> Int32? {
    // It waits in its own directory, or above where that is missing.
    var name = id.name
    var directory = id.parent
    while true {
      let key = ByteText(directory)
      if remove(id, ByteText(name), from: key) {
        guard let known = directories[key], known.members.isEmpty else { return nil }
        directories[key] = nil
        return release(known.number, key)
      }
      guard let slash = directory.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
      name = String(directory[directory.utf8.index(after: slash)...])
      directory = String(directory[..<slash])
    }
  }

  private mutating func release(_ number: Int32, _ key: ByteText) -> Int32? {
    paths[number]?.removeAll { $0 == key }
    guard paths[number]?.isEmpty == true else { return nil }
    paths[number] = nil
    return number
  }

  private mutating func add(_ attention: Attention, _ name: ByteText, to key: ByteText) {
    directories[key]?.members.add(attention, name, in: key)
  }

  private mutating func remove(_ id: EntryPath, _ name: ByteText, from key: ByteText) -> Bool {
    guard let attention = directories[key]?.members.remove(id, name) else { return false }
    attention.follow(0)
    return true
  }

  // MARK: Events

  /// What an event means; what it ends is taken out.
  mutating func take(_ event: WatchEvent) -> Meaning {
    if event.what.contains(.overflowed) { return .lostTrack }
    guard let paths = paths[event.number] else { return .nothing }
    if !event.what.isDisjoint(with: .ended) { return end(event.number, paths) }
    let isWritten = event.what.contains(.modified)
    var touched: [Touch] = []
    for path in paths {
      for attention in directories[path]?.members.named(event.name) ?? [] {
        touched.append(touch(attention, path.text, event.name.text, isWritten: isWritten))
      }
    }
    return touched.isEmpty ? .nothing : .touched(touched)
  }

  /// Only a file that we write into ourselves can have been written by us: all others we replace.
  ///
  /// What we made we may close, and give other attributes, under its own name.
  private func touch(
    _ attention: Attention, _ directory: String, _ name: String, isWritten: Bool
  ) -> Touch {
    // Else it waits for a directory above it.
    let isDirect =
      attention.path.description.utf8.count == directory.utf8.count + 1 + name.utf8.count
    let isCertain = isWritten && !attention.isWrittenInPlace || !isDirect
    return Touch(attention: attention, place: isCertain ? nil : (directory, name))
  }

  private mutating func end(_ number: Int32, _ ended: [ByteText]) -> Meaning {
    // What moves takes along what is below it, of which no event tells.
    let below = directories.keys.filter { key in
      ended.contains { key.text.utf8.starts(with: "\($0.text)/".utf8) }
    }
    var replaced = Replaced(numbers: [number])
    for path in (ended + below).sorted(by: { $0.text < $1.text }) {
      guard let directory = directories.removeValue(forKey: path) else { continue }
      replaced.paths.append(path.text)
      if let idle = release(directory.number, path), idle != number {
        replaced.numbers.append(idle)
      }
      let members = directory.members.all
      for attention in members { attention.follow(0) }
      replaced.entries += members.map(\.path).sorted { $0.description < $1.description }
    }
    return .replaced(replaced)
  }

  /// Everything is watched anew when it is looked at next.
  mutating func clear() {
    for directory in directories.values {
      for one in directory.members.all { one.follow(0) }
    }
    self = WatchTable(after: lastToken)
  }
}
