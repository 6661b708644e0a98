private import CTendProcesses

/// The cgroup trees of this machine in which groups may be made; see cgroups(7).
struct Cgroups: Sendable {
  /// The v2 tree: with it a process and all its descendants are one thing.
  let unified: String?
  /// The controllers that can limit, each with the folder below which groups are made, and whether
  /// it is v2.
  let controllers: [Controller: (folder: String, isUnified: Bool)]

  enum Controller: String, Sendable, CaseIterable {
    case memory, pids, cpu
  }

  init(unified: String?, controllers: [Controller: (folder: String, isUnified: Bool)]) {
    self.unified = unified
    self.controllers = controllers
  }

  /// Where nothing may be grouped.
  static let none = Cgroups(unified: nil, controllers: [:])

  /// Looks at what is mounted, and where this user may write.
  ///
  /// Root uses the top of each tree, so that what ends the agent's own group ends nothing of it.
  init() {
    let mounts = Self.mounts()
    let own = Self.ownGroups()
    let isRoot = tend_user() == 0
    func folder(_ mount: String, _ group: String?) -> String? {
      let folder = isRoot ? mount : group.map { mount + $0 } ?? mount
      return tend_may_write(folder) == 1 ? folder : nil
    }
    unified = mounts.first { $0.isUnified }.flatMap { folder($0.path, own[""]) }
    var found: [Controller: (folder: String, isUnified: Bool)] = [:]
    for controller in Controller.allCases {
      if let unified, Self.offers(controller, unified) {
        found[controller] = (unified, true)
      } else if let mount = mounts.first(where: { $0.controllers.contains(controller.rawValue) }),
        let folder = folder(mount.path, own[controller.rawValue])
      {
        found[controller] = (folder, false)
      }
    }
    controllers = found
  }

  private static func offers(_ controller: Controller, _ folder: String) -> Bool {
    guard let place = try? Folder(at: folder),
      let bytes = try? place.contents("cgroup.controllers")
    else { return false }
    return String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }
      .contains(controller.rawValue[...])
  }

  private struct Mount {
    var path: String
    var isUnified: Bool
    var controllers: [String]
  }

  /// The lines of /proc/self/mountinfo; see proc_pid_mountinfo(5).
  private static func mounts() -> [Mount] {
    lines(of: "mountinfo").compactMap { line in
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 3, fields.count > 4 else {
        return nil
      }
      switch fields[dash + 1] {
      case "cgroup2": return Mount(path: String(fields[4]), isUnified: true, controllers: [])
      case "cgroup":
        let options = fields[dash + 3].split(separator: ",").map(String.init)
        return Mount(path: String(fields[4]), isUnified: false, controllers: options)
      default: return nil
      }
    }
  }

  /// The groups of this process by controller; that of v2 has no name.
  private static func ownGroups() -> [String: String] {
    var groups: [String: String] = [:]
    for line in lines(of: "cgroup") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let names = parts[1].split(separator: ",", omittingEmptySubsequences: false)
      for name in names { groups[String(name)] = parts[2] == "/" ? "" : String(parts[2]) }
    }
    return groups
  }

  private static func lines(of file: String) -> [Substring] {
    guard let folder = try? Folder(at: "/proc/self"), let bytes = try? folder.contents(file) else {
      return []
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }

  /// Every tree in which groups may be made.
  var trees: [String] {
    let all = controllers.values.map(\.folder) + [unified].compactMap { $0 }
    return Set(all).sorted()
  }

  /// The first limit that can't be kept here, with the controller that is missing.
  func missing(for limits: ResourceLimits) -> (field: String, controller: Controller)? {
    if limits.isEmpty { return nil }
    let wanted: [(String, Controller, Bool)] = [
      ("limits.memory", .memory, limits.memory != nil),
      ("limits.processes", .pids, limits.processes != nil),
      ("limits.cpu", .cpu, limits.cpu != nil),
    ]
    return wanted.first { $0.2 && controllers[$0.1] == nil }.map { ($0.0, $0.1) }
  }
}
