public import Tend

extension FileProvider: Witnessing {
  /// Reports what others do to declared entries, by inotify(7), as soon as they do it.
  ///
  /// One watch for each directory that holds a declared entry. What the agent itself writes is not
  /// reported. What is changed through a memory map, by another host, or above a directory that
  /// holds nothing declared, is found by the resync only. Throws where the kernel gives no watch.
  public func watch(_ drift: Drift<EntryPath>) async throws(ProviderError) {
    defer { witnesses.end() }
    try await watch.run(drift)
  }

  /// No event of this entry is of interest any more.
  public func forget(_ id: EntryPath) {
    watch.forget(id)
  }

  /// Who changed an entry last, by fanotify(7), where the agent runs as root.
  public func opponent(of id: EntryPath) -> String? {
    witnesses.opponent(of: id.name, in: id.parent, directories.held(at: id.parent))
  }

  /// Tells of the first missing directory above an entry, where nobody declares it.
  ///
  /// True where the directory of the entry has appeared meanwhile.
  func awaitParent(of spec: EntrySpec, at now: Int64) throws(ProviderError) -> Bool {
    var missing = EntryPath(spec.declared.location.parent)
    while let path = missing {
      let location = Location(path)
      if let above = try directory(of: location, at: now) {
        watch.attend(spec.declared.attention, as: location.name, in: above, at: location.parent)
        return try directory(of: spec.declared.location, at: now, anew: true) != nil
      }
      missing = EntryPath(location.parent)
    }
    return false
  }
}
