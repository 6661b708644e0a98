private import CTendProcesses

/// The folders of one holder in the trees of cgroups, below which it makes its groups, and the one
/// of its named pipes.
///
/// Each is made where it is first needed, and locked for as long as the holder is there. So what a
/// holder left that is gone can be told from what another one is about to use.
final class Grounds {
  let cgroups: Cgroups
  /// What the folders are called, in every tree.
  let label: String
  private var tops: [String: Folder] = [:]

  static let prefix = "tend-"

  init(_ label: String, in cgroups: Cgroups) {
    self.label = label
    self.cgroups = cgroups
  }

  /// The folder in one tree; an error where somebody else's has its name.
  func top(in tree: String) throws(SystemError) -> Folder {
    if let known = tops[tree] { return known }
    let parent = try Folder(at: tree)
    while true {
      let top = try parent.folder(label, making: true)
      guard tend_owns(top.raw) == 1 else { throw SystemError(code: SystemError.notPermitted) }
      try check(tend_lock_folder(top.raw, 1))
      // Whoever sweeps may have taken it away before it was locked.
      guard let again = try? parent.folder(label), tend_is_same(again.raw, top.raw) == 1 else {
        continue
      }
      tops[tree] = top
      return top
    }
  }

  /// Where pipes may lie in memory, so that no disk has to find room for each and note it down.
  ///
  /// Nowhere for an ordinary user, whose files are taken away there when the last session ends.
  private static var memory: [String] {
    tend_user() == 0 ? ["/run", "/dev/shm"].filter { tend_is_in_memory($0) == 1 } : []
  }

  /// The folder of named pipes: in memory, else below that of the holder.
  ///
  /// Where there are some below the holder's they are in use, and no others are made elsewhere.
  func pipes(for folder: Folder) throws(SystemError) -> Folder {
    let name = "pipes"
    if let used = try? folder.folder(name), !used.names.isEmpty { return used }
    for tree in Self.memory {
      if let top = try? top(in: tree) { return top }
    }
    return try folder.folder(name, making: true)
  }

  /// Hands the controllers that there are down to the groups.
  func enable() {
    guard let unified = cgroups.unified, let top = try? top(in: unified) else { return }
    for (controller, place) in cgroups.controllers where place.isUnified {
      // One that can't be is missed where it is needed.
      try? top.open("cgroup.subtree_control", OpenFlags.writing)
        .write(Array("+\(controller.rawValue)".utf8))
    }
  }

  /// Takes away what holders that are gone left behind: groups in which nothing runs any more, and
  /// pipes that nobody has open.
  ///
  /// The others stay, for the next holder of their directory to find what runs by them.
  func sweep() {
    for tree in cgroups.trees + Self.memory {
      guard let parent = try? Folder(at: tree) else { continue }
      for name in parent.names where name.hasPrefix(Self.prefix) && name != label {
        guard let top = try? parent.folder(name), tend_lock_folder(top.raw, 0) == 0
        else { continue }
        // Others may have folders of such a name in memory, and be about to fill them.
        let names = top.names
        if names.isEmpty, Self.memory.contains(tree) { continue }
        for name in names where name.contains("#") && !top.removeFolder(name) {
          _ = tend_remove_idle_pipe(top.raw, name)
        }
        parent.removeFolder(name)
      }
    }
  }

  /// Takes its own folders away; those that are still in use stay, for the next holder.
  func leave() {
    for tree in tops.keys.sorted() { _ = try? Folder(at: tree).removeFolder(label) }
    tops = [:]
  }
}
