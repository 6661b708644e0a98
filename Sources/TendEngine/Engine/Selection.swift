import Tend

/// Which resources are meant; the empty selection means all.
public struct Selection: Sendable, Hashable {
  /// Only of this unit.
  public var unit: String?
  /// Only these: `Kind`, `Kind/name` or `group/v1/Kind/name`.
  public var resource: String?

  /// Selects resources.
  public init(unit: String? = nil, resource: String? = nil) {
    self.unit = unit
    self.resource = resource
  }

  /// Whether a resource of this unit and name is meant.
  ///
  /// Kinds are found in any case of letters.
  func matches(unit name: String, _ reference: Reference) -> Bool {
    if let unit, unit != name { return false }
    guard let resource else { return true }
    let kind = reference.kind.kind
    if !resource.contains("/") { return resource.lowercased() == kind.lowercased() }
    return reference.matches(resource)
      || resource.lowercased() == "\(kind.lowercased())/\(reference.name)".lowercased()
        && resource.hasSuffix("/\(reference.name)")
  }
}
