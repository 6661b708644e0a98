/// An annotated tag, read from its object.
struct TagObject: Sendable {
  let id: ObjectID
  /// What it names.
  let target: ObjectID
  /// The name that its author gave it, which nobody can change without breaking its signature.
  let name: String
  let bytes: [UInt8]

  /// Reads the text of a tag; nil where it is none.
  init?(_ id: ObjectID, _ bytes: [UInt8]) {
    var target: ObjectID?
    var name: String?
    for line in bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
      // The message begins after the first empty line.
      if line.isEmpty { break }
      if line.starts(with: "object ".utf8) {
        guard target == nil else { return nil }
        target = ObjectID(hex: line.dropFirst(7))
      }
      if line.starts(with: "tag ".utf8) {
        guard name == nil else { return nil }
        name = String(validating: line.dropFirst(4), as: UTF8.self)
      }
    }
    guard let target, let name else { return nil }
    self.id = id
    self.target = target
    self.name = name
    self.bytes = bytes
  }
}
