public import Tend

extension EntrySpec {
  /// Kind, content, target, mode, owner, group, in this order; only where they differ.
  public func differences(from current: Entry?) -> [Difference] {
    guard let current else { return creation }
    guard current.status.type == type else { return [kindDifference(from: current)] + creation }
    var comparison = Comparison()
    switch declared.form {
    case .file(let content) where current.digest != content.digest:
      comparison.add(difference(of: content, from: current))
    case .link(let target) where current.target?.hasSameBytes(as: target) != true:
      comparison.add(
        Difference(
          path: "target", actual: current.target.map { .value(.string($0)) } ?? .absent,
          desired: .value(.string(target))))
    default: break
    }
    compareAttributes(with: current, &comparison)
    for stranger in current.strangers {
      comparison.add(
        Difference(
          path: stranger.field, actual: .value(.string(stranger.status.type.inWords)),
          desired: .absent, losesData: true))
    }
    return comparison.differences
  }

  private func compareAttributes(with current: Entry, _ comparison: inout Comparison) {
    if let permissions = declared.permissions, permissions != current.status.permissions {
      comparison.field("mode", current.status.permissions.description, permissions.description)
    }
    if let owner = declared.owner, current.wanted.user != current.status.user {
      comparison.field(
        "owner", current.evidence?.ownerName ?? String(current.status.user), owner.description)
    }
    if let group = declared.group, current.wanted.group != current.status.group {
      comparison.field(
        "group", current.evidence?.groupName ?? String(current.status.group), group.description)
    }
  }

  private func kindDifference(from current: Entry) -> Difference {
    Difference(
      path: "kind", actual: .value(.string(current.status.type.kind ?? "")),
      desired: .value(.string(type.kind ?? "")), forcesReplacement: true)
  }

  /// What a create sets.
  private var creation: [Difference] {
    var comparison = Comparison()
    switch declared.form {
    case .file(let content): comparison.add(difference(of: content, from: nil))
    case .link(let target): comparison.field("target", nil, target)
    case .directory: break
    }
    comparison.field("mode", nil, permissionsOnCreate?.description)
    comparison.field("owner", nil, declared.owner?.description)
    comparison.field("group", nil, declared.group?.description)
    return comparison.differences
  }

  private func difference(of content: FileContent, from current: Entry?) -> Difference {
    let evidence = current?.evidence
    let isSecret = isSecret(found: current?.status.permissions)
    let desired = outline(
      content.size, isSecret ? evidence?.keyedDesired : content.digest)
    let actual = current.map {
      outline(Int(clamping: $0.status.size), isSecret ? evidence?.keyedActual : $0.digest)
    }
    if isSecret {
      return Difference(
        path: "content", actual: current == nil ? .absent : .masked, desired: .masked,
        outline: .init(actual: actual, desired: desired),
        hidden: current == nil ? Sensitive(Self.creation(of: content)) : evidence?.hidden)
    }
    let texts = current == nil ? Self.creation(of: content) : evidence?.texts
    return Difference(
      path: "content", actual: actual.map { .value(.string($0)) } ?? .absent,
      desired: .value(.string(desired)), text: texts)
  }

  /// Read only to be shown: the contents of a whole unit are not kept beside its plan.
  private static func creation(of content: FileContent) -> Difference.Text {
    Difference.Text(actual: nil) { content.text }
  }

  private func outline(_ size: Int, _ digest: Digest?) -> String {
    let bytes = size == 1 ? "1 byte" : "\(size) bytes"
    return digest.map { "\(bytes), \($0)" } ?? bytes
  }
}

extension FileContent {
  /// The most that is shown of one side: 256 KiB.
  static let largestText = 256 << 10

  /// The content as text, where it is at hand, is text, and is not too large to be shown.
  var text: String? {
    switch bytes {
    case .declared(let declaration):
      size <= Self.largestText
        ? Self.text(in: declaration).flatMap { Self.text(of: Array($0.utf8)) } : nil
    case .binary(let bytes): Self.text(of: bytes)
    case .source: nil
    }
  }

  /// Bytes as text; nil where they are none, or too many to be shown.
  static func text(of bytes: [UInt8]) -> String? {
    guard bytes.count <= largestText, !bytes.contains(0) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }
}
