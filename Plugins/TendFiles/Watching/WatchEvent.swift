internal import CTendFiles

/// What the kernel says has happened in a watched directory; see inotify(7).
struct WatchEvent: Sendable, Hashable {
  /// One or more things that happened.
  struct What: OptionSet, Hashable, Sendable {
    let rawValue: UInt32

    static let modified = What(rawValue: 0x2)
    static let attributes = What(rawValue: 0x4)
    static let closedAfterWriting = What(rawValue: 0x8)
    static let movedFrom = What(rawValue: 0x40)
    static let movedTo = What(rawValue: 0x80)
    static let created = What(rawValue: 0x100)
    static let deleted = What(rawValue: 0x200)
    static let selfDeleted = What(rawValue: 0x400)
    static let selfMoved = What(rawValue: 0x800)
    static let unmounted = What(rawValue: 0x2000)
    static let overflowed = What(rawValue: 0x4000)
    static let ignored = What(rawValue: 0x8000)

    /// The directory is no longer what it was.
    static let ended: What = [.selfDeleted, .selfMoved, .unmounted, .ignored]
  }

  /// Which watch; of no meaning where events were lost.
  let number: Int32
  let what: What
  /// Which entry of the directory; "" for the directory itself.
  let name: ByteText

  init(number: Int32, _ what: What, name: String = "") {
    self.number = number
    self.what = what
    self.name = ByteText(name)
  }

  init(_ event: tend_event) {
    self.init(
      number: event.number, What(rawValue: event.what),
      name: event.name.map { String(cString: $0) } ?? "")
  }
}

/// A text that is another one where its bytes are others, as names in file systems are.
struct ByteText: Hashable, Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (left: ByteText, right: ByteText) -> Bool {
    left.text.hasSameBytes(as: right.text)
  }

  func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }
}
