import Tend

/// What a resource was called before, where its name is its identity.
extension Staged {
  /// Decodes the declaration once more under each of its former names.
  func formerIdentities(_ row: Int) throws(Diagnostics) -> [String] {
    let declaration = declaration(row)
    var identities: [String] = []
    var mistakes: [Diagnostic] = []
    for (index, name) in declaration.formerNames.enumerated() {
      let before = try decodedAgain(declaration.renamed(to: name)).id
      if let (message, remedy) = mistake(before, declared(row).content.id, declaration) {
        mistakes.append(
          Diagnostic(
            .invalidValue, at: declaration.place(outsideSpec: "metadata.formerly[\(index)]"),
            message, remedy: remedy))
      }
      identities.append(before.description)
    }
    if !mistakes.isEmpty { throw Diagnostics(mistakes) }
    return identities
  }

  private func mistake(
    _ before: Desired.ID, _ now: Desired.ID, _ declaration: Declaration
  ) -> (message: String, remedy: String)? {
    let kind = declaration.reference.kind.kind
    if before == now {
      return (
        "\(declaration.reference) is the same whatever its name is, so formerly says nothing",
        "leave it out: the name of a \(kind) may change, and nothing is written"
      )
    }
    guard provider is any Renaming<Desired> else {
      return (
        "a \(kind) can't go on under another name",
        "leave it out: the one of the old name is deleted, and one of the new name is made"
      )
    }
    return nil
  }

  func row(ofIdentity identity: String) -> Int? { Desired.ID(identity).flatMap(row) }
}
