public import Tend

extension FileProvider: BackupRestoring {
  /// Makes a file or a link as it was kept: bytes, mode, owner, attributes and time.
  ///
  /// In one step, so that nobody sees half of it. What is in its place is kept first; a directory
  /// there is in the way.
  public func restore(
    _ backup: Backup, to id: EntryPath, _ context: Context
  ) async throws(ProviderError) {
    let location = Location(id)
    let now = context.now.nanoseconds
    guard let directory = try directory(of: location, at: now, anew: true) else {
      throw .permanent(
        "\(id) can't be brought back: there is no directory \(location.parent)",
        remedy: "make it first")
    }
    directory.sweepOnce { Leftovers(names).sweep(directory) }
    try Placement(location, directory, names, context).restore(backup)
  }
}
