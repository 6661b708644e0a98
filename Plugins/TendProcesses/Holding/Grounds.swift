private import CTendProcesses

/// The folders of one holder in the trees of cgroups: below them it makes its groups.
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

  /// The folder in one tree.
  func top(in tree: String) throws(SystemError) -> Folder {
    if let known = tops[tree] { return known }
    let parent = try Folder(at: tree)
    while true {
      let top = try parent.folder(label, making: true)
      try check(tend_lock_folder(top.raw, 1))
      // Whoever sweeps may have taken it away before it was locked.
      guard let again = try? parent.folder(label), tend_is_same(again.raw, top.raw) == 1 else {
        continue
      }
      tops[tree] = top
      return top
    }
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

  /// Takes away what holders that are gone left behind: groups in which nothing runs any more.
  ///
  /// Where something does its group stays, for the next holder of its directory to find it by.
  func sweep() {
    for tree in cgroups.trees {
      guard let parent = try? Folder(at: tree) else { continue }
      for name in parent.names where name.hasPrefix(Self.prefix) && name != label {
        guard let top = try? parent.folder(name), tend_lock_folder(top.raw, 0) == 0
        else { continue }
        for group in top.names where group.contains("#") { top.removeFolder(group) }
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
