private import CTendProcesses

/// The cgroups of one instance: what it is born into, and what limits it.
final class Group {
  /// The group of the v2 tree; nil where none may be made.
  private(set) var unified: Folder?
  private var joined: [Descriptor] = []
  /// The folders that hold its groups.
  private var tops: [Folder] = []
  private let name: String
  private let grounds: Grounds

  /// Makes the groups that this instance needs.
  init(_ name: String, on grounds: Grounds, _ limits: ResourceLimits) throws(SystemError) {
    self.name = name
    self.grounds = grounds
    if let tree = grounds.cgroups.unified { unified = try? place(tree) }
    try limit(limits)
  }

  private func place(_ tree: String) throws(SystemError) -> Folder {
    let top = try grounds.top(in: tree)
    let folder = try top.folder(name, making: true)
    tops.append(top)
    return folder
  }

  /// Sets the limits, also of what runs already.
  func limit(_ limits: ResourceLimits) throws(SystemError) {
    try set(.memory, limits.memory) { value, isUnified in
      isUnified
        ? [("memory.max", value.map { "\($0)" } ?? "max")]
        : [("memory.limit_in_bytes", value.map { "\($0)" } ?? "-1")]
    }
    try set(.pids, limits.processes) { value, _ in
      [("pids.max", value.map { "\($0)" } ?? "max")]
    }
    try set(.cpu, limits.cpu) { value, isUnified in
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
    _ controller: Cgroups.Controller, _ value: Int64?,
    _ files: (Int64?, Bool) -> [(name: String, value: String)]
  ) throws(SystemError) {
    guard value != nil || limited.contains(controller) else { return }
    guard let (tree, isUnified) = grounds.cgroups.controllers[controller] else {
      throw SystemError(code: SystemError.missing)
    }
    let folder: Folder
    if let known = byController[controller] {
      folder = known
    } else if isUnified, let unified {
      folder = unified
    } else {
      folder = try place(tree)
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
    for top in tops { top.removeFolder(name) }
  }
}
