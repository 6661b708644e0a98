/// How what belongs to one process is named in folders.
enum FolderName {
  /// Short and without a slash; long ones are told apart by a hash.
  static func of(_ id: String) -> String {
    let name = String(id.map { $0 == "/" ? "@" : $0 })
    if name.utf8.count <= 120 { return name }
    return String(name.prefix(80)) + "@" + hash(id)
  }

  /// The 64 bit hash of Fowler, Noll and Vo (FNV-1a), as text.
  static func hash(_ text: String) -> String {
    let value = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return String(value, radix: 16)
  }
}
