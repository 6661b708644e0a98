internal import CTendFiles
public import Tend

extension FileProvider: Confining {
  /// The path; and the user whose rights something gets: who runs a file with the set-user-ID bit,
  /// or the command that is to accept a content.
  ///
  /// Where the path really lies is checked once its directory is held.
  public func accesses(for target: Target<EntrySpec>) -> [Access] {
    var accesses = [Access(.path, target.id.onMachine, field: "path")]
    guard let fields = target.desired?.declared else { return accesses }
    let givesRights = fields.permissions?.givesRights == true
    if givesRights || fields.validation != nil {
      let owner = fields.owner?.description ?? "\(tend_effective_user())"
      accesses.append(Access(.user, owner, field: givesRights ? "mode" : "validate"))
    }
    return accesses
  }
}

/// Paths of a unit with a root lie below it, also those that links lead to.
extension FileProvider: Rooting {}
