public import Tend

extension FileProvider: HostWide {
  /// The path on this host, below the root where there is one.
  public func hostName(of id: EntryPath) -> String { (root ?? "") + id.description }
}
