internal import TendEngine

/// The tags of a remote, as `git ls-remote --tags` prints them.
enum TagListing {
  /// A tag that names a version that is wanted.
  struct Found: Sendable, Hashable {
    let name: String
    let version: SemanticVersion
    /// The commit that it names, through a tag object where there is one.
    var target: ObjectID
  }

  /// How much is read of a listing: a million tags with names of 30 bytes.
  static let limit = 96 << 20

  /// The tag of the highest version in a range; nil where there is none.
  ///
  /// Lines are `id TAB refs/tags/name`, and once more with `^{}` for what an annotated tag names.
  static func highest(_ listing: [UInt8], in range: VersionRange) -> Found? {
    var best: Found?
    for line in listing.split(separator: 0x0a) {
      guard line.dropFirst(40).starts(with: prefix) else { continue }
      var name = line.dropFirst(40 + prefix.count)
      let isTarget = name.suffix(peeled.count).elementsEqual(peeled)
      if isTarget { name = name.dropLast(peeled.count) }
      guard (1...255).contains(name.count), let id = ObjectID(hex: line.prefix(40)) else {
        continue
      }
      if isTarget, name.elementsEqual((best?.name ?? "").utf8) {
        best?.target = id
        continue
      }
      guard !isTarget, let text = String(validating: name, as: UTF8.self),
        let version = SemanticVersion(tag: text), range.contains(version),
        GitReference.fault(in: text) == nil
      else { continue }
      let found = Found(name: text, version: version, target: id)
      if let known = best, !known.isBelow(found) { continue }
      best = found
    }
    return best
  }

  private static let prefix = Array("\trefs/tags/".utf8)
  private static let peeled = Array("^{}".utf8)
}

extension TagListing.Found {
  /// By precedence, then by name, so that it never matters in which order a remote lists its tags.
  fileprivate func isBelow(_ other: Self) -> Bool {
    version == other.version
      ? name.utf8.lexicographicallyPrecedes(other.name.utf8) : version < other.version
  }
}
