internal import Tend

/// What is remembered of an entry, so that looking at it again costs one system call.
///
/// It never tells what the content is: the digest of content that may be secret is keyed.
public struct EntryMemory: Equatable, Sendable {
  /// What sort of entry was declared; a prune touches nothing else at its path.
  var type: EntryType
  /// Whether no copy is to be kept when it is deleted.
  var keepsNoBackup: Bool
  /// Whether its content must not be seen.
  var isSecret: Bool
  /// How the file was when its content was read; nil for all but files.
  var reading: Reading?

  /// A stat record and the digest of what was read then.
  struct Reading: Equatable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: UInt64
    var modified: Int64
    var changed: Int64
    var mode: UInt32
    var user: UInt32
    var group: UInt32
    /// When the record was taken, before the content was read; nanoseconds since 1970.
    var takenAt: Int64
    var digest: Digest

    /// How long the clock that stamps changes may stand still: a change after the record was taken
    /// could then carry the same time.
    static let shortestAge: Int64 = 2_000_000_000
    /// Every file is read again after 12 to 23 hours, spread by its path.
    static let shortestRest: Int64 = 12 * 3_600_000_000_000
    static let spread: UInt64 = 11 * 3_600_000_000_000

    /// Whether an entry that looks like this still has the content that was read.
    func vouches(for status: Status, at now: Int64, spreadBy hash: UInt64) -> Bool {
      status.inode == inode && status.changed == changed && status.size == size
        && status.mode == mode && status.user == user && status.group == group
        && status.modified == modified && status.device == device
        && takenAt &- changed >= Self.shortestAge
        && now >= takenAt
        && now &- takenAt < Self.shortestRest &+ Int64(hash % Self.spread)
    }
  }
}

extension EntryMemory.Reading {
  init(_ status: Status, takenAt: Int64, digest: Digest) {
    self.init(
      device: status.device, inode: status.inode, size: status.size, modified: status.modified,
      changed: status.changed, mode: status.mode, user: status.user, group: status.group,
      takenAt: takenAt, digest: digest)
  }
}

extension EntryMemory: Codable {
  private static let format: Int64 = 1

  /// Reads what `encode` wrote.
  public init(from decoder: any Decoder) throws {
    var values = try decoder.unkeyedContainer()
    let format = try values.decode(Int64.self)
    guard format == Self.format,
      let type = EntryType(rawValue: try values.decode(UInt8.self))
    else {
      throw DecodingError.dataCorruptedError(
        in: values, debugDescription: "is a memory of an unknown format")
    }
    self.type = type
    keepsNoBackup = try values.decode(Bool.self)
    isSecret = try values.decode(Bool.self)
    reading = values.isAtEnd ? nil : try Reading(from: &values)
  }

  /// Writes a list: format, type, flags, and for a file its record and digest.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.unkeyedContainer()
    try values.encode(Self.format)
    try values.encode(type.rawValue)
    try values.encode(keepsNoBackup)
    try values.encode(isSecret)
    try reading?.encode(to: &values)
  }
}

extension EntryMemory.Reading {
  fileprivate init(from values: inout some UnkeyedDecodingContainer) throws {
    device = UInt64(bitPattern: try values.decode(Int64.self))
    inode = UInt64(bitPattern: try values.decode(Int64.self))
    size = UInt64(bitPattern: try values.decode(Int64.self))
    modified = try values.decode(Int64.self)
    changed = try values.decode(Int64.self)
    mode = try values.decode(UInt32.self)
    user = try values.decode(UInt32.self)
    group = try values.decode(UInt32.self)
    takenAt = try values.decode(Int64.self)
    guard let algorithm = Digest.Algorithm(rawValue: try values.decode(UInt8.self)),
      let digest = Digest(algorithm, hexadecimal: try values.decode(String.self))
    else {
      throw DecodingError.dataCorruptedError(
        in: values, debugDescription: "holds a digest that can't be read")
    }
    self.digest = digest
  }

  fileprivate func encode(to values: inout some UnkeyedEncodingContainer) throws {
    for number in [device, inode, size] { try values.encode(Int64(bitPattern: number)) }
    try values.encode(modified)
    try values.encode(changed)
    for number in [mode, user, group] { try values.encode(number) }
    try values.encode(takenAt)
    try values.encode(digest.algorithm.rawValue)
    try values.encode(digest.hexadecimal)
  }
}
