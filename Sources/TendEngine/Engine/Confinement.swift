import Tend

/// The limits of one unit, as a provider's call meets them.
final class Confinement: Limits {
  private let unit: String
  private let allow: Allow

  /// Nil where the unit may touch everything.
  init?(_ unit: Unit) {
    guard let allow = unit.policy.allow else { return nil }
    self.unit = unit.name
    self.allow = allow
  }

  /// Throws where the unit may not have resources of a kind.
  ///
  /// A kind whose provider does not say what it touches must be named.
  func check(_ kind: KindName, isConfining: Bool) throws(ProviderError) {
    guard let kinds = allow.kinds else {
      if isConfining { return }
      throw refusal(
        "kind \(kind.kind), which does not say what it touches, is not allowed", [], nil)
    }
    if kinds.contains(where: { kind.isMeant(by: $0.value) }) { return }
    throw refusal("kind \(kind.kind) is not allowed", kinds, nil)
  }

  /// Throws where the unit may not touch something.
  func check(_ access: Access) throws(ProviderError) {
    let entries = allow.accesses[access.kind] ?? []
    if entries.contains(where: { access.isMeant(by: $0.value) }) { return }
    throw refusal("\(access) is not allowed", entries, access.field)
  }

  private func refusal(
    _ what: String, _ entries: [Allow.Entry], _ field: String?
  ) -> ProviderError {
    let place = (entries.first?.place ?? allow.place).map { "\($0)" } ?? "its configuration"
    let names = entries.prefix(5).map(\.value).joined(separator: ", ")
    let rest = entries.count > 5 ? " and \(entries.count - 5) more" : ""
    return .notPermitted(
      "\(what) for unit \(unit): \(place) allows \(names.isEmpty ? "none" : names + rest)",
      remedy: "declare something else, or let the agent's configuration allow it", field: field)
  }
}

extension KindName {
  fileprivate func isMeant(by text: String) -> Bool {
    text == kind || text == "\(apiVersion)/\(kind)"
  }
}

extension Access {
  /// Whether an entry of a list allows it.
  fileprivate func isMeant(by entry: String) -> Bool {
    switch kind {
    case .user, .secret: value.utf8.elementsEqual(entry.utf8)
    case .path, .address: Self.lies(value, below: entry)
    }
  }

  /// By whole names: `/srv/web` means itself and `/srv/web/x`, not `/srv/website`.
  private static func lies(_ value: String, below entry: String) -> Bool {
    let slash = UInt8(ascii: "/")
    var prefix = Array(entry.utf8)
    while prefix.last == slash { prefix.removeLast() }
    let bytes = Array(value.utf8)
    guard bytes.starts(with: prefix), !hasDots(value) else { return false }
    return bytes.count == prefix.count || bytes[prefix.count] == slash
  }

  /// What leads upward lies nowhere for sure.
  private static func hasDots(_ value: String) -> Bool {
    value.utf8.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
  }
}
