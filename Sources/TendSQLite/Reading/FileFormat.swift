/// What the first bytes of SQLite's files say, read without SQLite
/// (https://www.sqlite.org/fileformat2.html).
enum FileFormat {
  /// What a database file says it is.
  static func database(_ header: [UInt8]) -> Schema.Format {
    guard header.count == 100, header.starts(with: "SQLite format 3\0".utf8) else {
      return .foreign
    }
    // Above 2 lie journal modes that SQLite itself does not know yet.
    guard header[18] <= 2, header[19] <= 2 else { return .foreign }
    return Schema.format(
      applicationID: Int64(bigEndian(header, 68)), version: Int64(bigEndian(header, 60)))
  }

  /// Whether a log can hold anything: SQLite passes over one whose header is not whole.
  static func isLog(_ header: [UInt8]) -> Bool {
    guard header.count == 32, bigEndian(header, 0) & ~1 == 0x377F_0682 else { return false }
    let isBigEndian = header[3] & 1 == 1
    var sums: (UInt32, UInt32) = (0, 0)
    for offset in stride(from: 0, to: 24, by: 8) {
      let first = bigEndian(header, offset)
      let second = bigEndian(header, offset + 4)
      sums.0 &+= (isBigEndian ? first : first.byteSwapped) &+ sums.1
      sums.1 &+= (isBigEndian ? second : second.byteSwapped) &+ sums.0
    }
    return sums == (bigEndian(header, 24), bigEndian(header, 28))
  }

  private static func bigEndian(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
