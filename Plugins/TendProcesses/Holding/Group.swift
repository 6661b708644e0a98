private import CTendProcesses

/// The cgroups of one instance: what it is born into, and what limits it.
final class Group {
  /// The group of the v2 tree; nil where none may be made.
  private(set) var unified: Folder?
  private var joined: [Descriptor] = []
  private var places: [(parent: Folder, folder: Folder, isUnified: Bool)] = []
  private let name: String

  /// Makes the groups that this instance needs; `top` tells one holder's groups from another's.
  init(
    _ name: String, below top: String, in cgroups: Cgroups, _ limits: ResourceLimits
  ) throws(SystemError) {
    self.name = name
    if let tree = cgroups.unified { unified = try? place(tree, top, isUnified: true) }
    try limit(limits, top, cgroups)
  }

  private func place(
    _ tree: String, _ top: String, isUnified: Bool
  ) throws(SystemError) -> Folder {
    let parent = try Folder(at: tree).folder(top, making: true)
    let folder = try parent.folder(name, making: true)
    places.append((parent, folder, isUnified))
    return folder
  }

  /// Sets the limits, also of what runs already.
  func limit(
    _ limits: ResourceLimits, _ top: String, _ cgroups: Cgroups
  ) throws(SystemError) {
    try set(.memory, limits.memory, top, cgroups) { value, isUnified in
      isUnified
        ? [("memory.max", value.map { "\($0)" } ?? "max")]
        : [("memory.limit_in_bytes", value.map { "\($0)" } ?? "-1")]
    }
    try set(.pids, limits.processes, top, cgroups) { value, _ in
      [("pids.max", value.map { "\($0)" } ?? "max")]
    }
    try set(.cpu, limits.cpu, top, cgroups) { value, isUnified in
      let period: Int64 = 100_000
      let quota = value.map { $0 * period / 1000 }
      return isUnified
        ? [("cpu.max", "\(quota.map { "\($0)" } ?? "max") \(period)")]
        : [("cpu.cfs_period_us", "\(period)"), ("cpu.cfs_quota_us", "\(quota ?? -1)")]
    }
  }

  private var limited: Set<Cgroups.Controller> = []
  private var byController: [Cgroups.Controller: Folder] = [:]

  private func set(
    _ controller: Cgroups.Controller, _ value: Int64?, _ top: String, _ cgroups: Cgroups,
    _ files: (Int64?, Bool) -> [(name: String, value: String)]
  ) throws(SystemError) {
    guard value != nil || limited.contains(controller) else { return }
    guard let (tree, isUnified) = cgroups.controllers[controller] else {
      throw SystemError(code: SystemError.missing)
    }
    let folder: Folder
    if let known = byController[controller] {
      folder = known
    } else if isUnified, let unified {
      folder = unified
    } else {
      folder = try place(tree, top, isUnified: isUnified)
      if !isUnified { joined.append(try folder.open("cgroup.procs", OpenFlags.writing)) }
    }
    byController[controller] = folder
    limited.insert(controller)
    for (file, text) in files(value, isUnified) {
      try folder.open(file, OpenFlags.writing).write(Array(text.utf8))
    }
  }

  /// Where a limit is set in a folder only once a process is in it, that process joins by itself.
  var joinedDescriptors: [Int32] { joined.map(\.raw) }

  /// The processes in it; nil where that can't be told.
  var members: [Int32]? {
    guard let unified, let bytes = try? unified.contents("cgroup.procs") else { return nil }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { Int32($0) }
  }

  /// Whether what is in it was ended; nothing else may be born into it then.
  ///
  /// There are kernels that would end that too.
  private(set) var isSpent = false

  /// Ends all that is in it, also what is just being made; false where the kernel can't.
  func kill() -> Bool {
    guard let unified else { return false }
    isSpent = true
    do throws(SystemError) {
      try unified.open("cgroup.kill", OpenFlags.writing).write(Array("1".utf8))
      return true
    } catch {
      return false
    }
  }

  /// Removes the groups once they are empty.
  func remove() {
    joined = []
    for place in places { place.parent.removeFolder(name) }
  }
}
