import Tend

/// Finds what was called otherwise before, and refuses what can't be told apart.
///
/// A former name that nothing has had is no mistake: it may stay in the repository.
struct FormerNames {
  private let names: Names
  /// Who says that it had an identity.
  private var claims: [Key: Int] = [:]

  private struct Key: Hashable {
    var controller: Int32
    var identity: String
  }

  init(_ names: Names) { self.names = names }

  /// The declarations with former names, in order.
  func find(_ diagnostics: inout [Diagnostic]) -> [Intake.Renamed] {
    var finder = self
    return names.items.indices.compactMap { finder.renamed($0, &diagnostics) }
  }

  private mutating func renamed(
    _ number: Int, _ diagnostics: inout [Diagnostic]
  ) -> Intake.Renamed? {
    let item = names.items[number]
    guard item != .vacant else { return nil }
    let part = names.parts[Int(item.controller)]
    let declaration = part.declaration(Int(item.row))
    guard !declaration.formerNames.isEmpty else { return nil }
    do throws(Diagnostics) {
      let identities = try part.formerIdentities(Int(item.row))
      for (index, identity) in identities.enumerated() {
        if let mistake = mistake(index, identity, number, part) { diagnostics.append(mistake) }
      }
      let former = zip(declaration.formerNames, identities).map { (name: $0, identity: $1) }
      return Intake.Renamed(number: Int32(number), former: former)
    } catch {
      diagnostics += error.all
      return nil
    }
  }

  private mutating func mistake(
    _ index: Int, _ identity: String, _ number: Int, _ part: any StagedPart
  ) -> Diagnostic? {
    let item = names.items[number]
    let declaration = names.declaration(number)
    let former = Reference(
      kind: declaration.reference.kind, name: declaration.formerNames[index])
    let place = declaration.place(outsideSpec: "metadata.formerly[\(index)]")
    if let row = part.row(ofIdentity: identity) {
      let other = part.declaration(row)
      return Diagnostic(
        .duplicateIdentity, at: place,
        "\(declaration.reference) was formerly \(former), which \(other.reference) at "
          + "\(other.place) still is",
        remedy: "take that one out, or leave this name out of formerly", related: [other.place])
    }
    let key = Key(controller: item.controller, identity: identity)
    guard let first = claims.updateValue(number, forKey: key), first != number else { return nil }
    let other = names.declaration(first)
    return Diagnostic(
      .duplicateIdentity, at: place,
      "\(declaration.reference) and \(other.reference) both were formerly \(former); the other "
        + "stands at \(other.place)",
      remedy: "only one of them can go on with it", related: [other.place])
  }
}
