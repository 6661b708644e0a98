/// The text of a commit or a tag, and the signature that was taken out of it.
struct SignedText: Sendable, Hashable {
  /// What sort of signature it is.
  enum Kind: Sendable, Hashable {
    case ssh, openPGP, other
  }

  /// What was signed: the object without its signature.
  let text: [UInt8]
  let signature: [UInt8]
  let kind: Kind

  private init?(_ text: [UInt8], _ signature: [UInt8]) {
    guard !signature.isEmpty else { return nil }
    self.text = text
    self.signature = signature
    kind = Self.kind(of: signature) ?? .other
  }

  /// The signature of a commit: its header `gpgsig`, whose further lines begin with a space.
  ///
  /// Nil where it has none, or several, of which a reader could choose another than we. What signs
  /// the same commit under another hash is no part of what was signed, as in Git.
  init?(commit bytes: [UInt8]) {
    var text: [UInt8] = []
    var signature: [UInt8] = []
    var place = Place.text
    var count = 0
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 0x0a) {
      let line = rest[...end]
      // The message begins after the first empty line.
      if line.count == 1 { break }
      if line.first != 0x20 { place = Place(line) }
      switch place {
      case .text: text += line
      case .other: break
      case .signature:
        if line.first != 0x20 { count += 1 }
        signature += line.first == 0x20 ? line.dropFirst() : line.dropFirst(Self.header.count)
      }
      rest = rest[(end + 1)...]
    }
    guard count == 1 else { return nil }
    self.init(text + rest, signature)
  }

  /// The signature of a tag: the last that begins on a line of its message, to its end.
  init?(tag bytes: [UInt8]) {
    var start = bytes.startIndex
    var found: Int?
    while start < bytes.endIndex {
      if Self.kind(of: bytes[start...]) != nil { found = start }
      let end = bytes[start...].firstIndex(of: 0x0a) ?? bytes.endIndex - 1
      start = end + 1
    }
    guard let found else { return nil }
    self.init(Array(bytes[..<found]), Array(bytes[found...]))
  }

  private enum Place {
    case text, signature, other

    init(_ line: ArraySlice<UInt8>) {
      self =
        line.starts(with: header)
        ? .signature : line.starts(with: "gpgsig".utf8) ? .other : .text
    }
  }

  private static let header = Array("gpgsig ".utf8)

  private static func kind(of text: some Collection<UInt8>) -> Kind? {
    marks.first { text.starts(with: $0.mark.utf8) }?.kind
  }

  private static let marks: [(mark: String, kind: Kind)] = [
    ("-----BEGIN SSH SIGNATURE-----", .ssh), ("-----BEGIN PGP SIGNATURE-----", .openPGP),
    ("-----BEGIN PGP MESSAGE-----", .openPGP), ("-----BEGIN SIGNED MESSAGE-----", .other),
  ]
}
