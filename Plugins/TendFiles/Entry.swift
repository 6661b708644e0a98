public import Tend

/// A directory entry as it is: a file, a directory or a symbolic link.
public struct Entry: Resource {
  /// The path.
  public let id: EntryPath
  /// The stat record, and what must outlive the declaration.
  public let memory: EntryMemory

  let status: Status
  /// That of the content; nil where it was not read, and for all but files.
  let digest: Digest?
  /// What the link leads to; nil for all but links.
  let target: String?
  /// The numbers of the declared owner and group on this machine.
  let wanted: Ownership
  /// What a person wants to see where something differs.
  let evidence: Evidence?
  /// What nobody declares in a directory that is purged, what is above first.
  var strangers: [Stranger] = []

  /// The numbers of a user and a group; nil is neither declared nor to be changed.
  struct Ownership: Hashable, Sendable {
    var user: UInt32?
    var group: UInt32?
  }

  /// What is looked up only where something differs.
  struct Evidence: Sendable {
    var ownerName: String?
    var groupName: String?
    var texts: Difference.Text?
    /// The same of content that must not be seen, where somebody asked for it.
    var hidden: Sensitive<Difference.Text>?
    /// Keyed digests of content that must not be seen.
    var keyedActual: Digest?
    var keyedDesired: Digest?
  }

  /// When content, mode, owner or anything else of it was last changed: ctime, see stat(2).
  public var changedAt: Timestamp? { Timestamp(nanoseconds: status.changed) }

  /// Size, permissions, ownership, links and the time of the last change of content.
  public var details: [Detail] {
    var details = [
      Detail("mode", status.permissions.description),
      Detail("owner", status.user),
      Detail("group", status.group),
      Detail("modified", Timestamp(nanoseconds: status.modified).description),
    ]
    if status.type == .file {
      details.insert(Detail("size", Int64(clamping: status.size)), at: 0)
      // A replacement makes a new file: other names of the old one keep the old content.
      if status.links > 1 { details.append(Detail("links", status.links)) }
    }
    if status.isMountPoint { details.append(Detail("mount point", true)) }
    return details
  }
}
