public import Tend

extension ProcessSpec {
  /// Where a plan says that something is started anew; the fields of that name are never compared
  /// as a whole.
  static let restartPath = "restart"

  /// The fields of the spec that differ, and what follows from them: restarts, and replicas that
  /// still run with what was declared before.
  public func differences(from current: ProcessState?) -> [Difference] {
    guard let current else { return fieldsOfCreate }
    // The usual case, which costs nothing.
    if current.isSettled(as: self) { return [] }
    return compare { comparison in
      guard let face = current.face else {
        comparison.field("supervised", false, true)
        return
      }
      var changes = FieldChanges(face.spec, declared.spec)
      changes.compare()
      changes.versions("restartOn", face.restartOn, restartVersions)
      changes.versions("reloadOn", face.reloadOn, reloadVersions)
      for difference in changes.differences { comparison.add(difference) }
      for name in current.staleSecrets {
        comparison.secret("environment.\(name)", isCurrent: false)
      }
      if !current.isSupervised { comparison.field("supervised", false, true) }
      let running = current.running
      let reasons =
        changes.restarting(notifies(face)) + current.staleSecrets.map { "environment.\($0)" }
      if !reasons.isEmpty, running > 0 {
        comparison.add(
          Difference(
            path: Self.restartPath, actual: .value(.string("\(running) running")),
            desired: .value(.string("anew, because of " + reasons.joined(separator: ", ")))))
      }
      if changes.differences.isEmpty, current.staleSecrets.isEmpty, current.outdated > 0 {
        comparison.field(
          "replicas.current", current.total - current.outdated, current.total)
      }
    }
  }

  /// Whether it was told otherwise where to say that it is ready.
  private func notifies(_ face: Face) -> Bool {
    let before = try? Fields.read(face.spec)
    return before?.notifies != declared.notifies || before?.watchdog != declared.watchdog
  }

  private var fieldsOfCreate: [Difference] {
    var changes = FieldChanges(.map(.init()), declared.spec)
    changes.compare()
    return changes.differences
  }
}

/// Compares two specs field by field.
struct FieldChanges {
  private let before: Value
  private let after: Value
  private(set) var differences: [Difference] = []

  /// Fields that a running process can't be given.
  private static let launching = [
    "command", "directory", "environment", "user", "group", "limits.openFiles", "restartOn",
  ]
  static func isLaunching(_ path: String) -> Bool {
    launching.contains { path == $0 || path.hasPrefix($0 + ".") || path.hasPrefix($0 + "[") }
  }

  /// Compared as a whole, or by what they lead to.
  private static let whole: Set<String> = ["command", "stop"]

  init(_ before: Value, _ after: Value) {
    self.before = before
    self.after = after
  }

  mutating func compare() { compare(FieldPath([]), before, after) }

  private mutating func compare(_ path: FieldPath, _ before: Value?, _ after: Value?) {
    if before == after { return }
    if case .map(let old)? = before ?? .map(.init()), case .map(let new)? = after ?? .map(.init()),
      path.steps.count < 2
    {
      var names = new.entries.map(\.key)
      names += old.entries.map(\.key).filter { !names.contains($0) }
      for name in names { compare(path.appending(.key(name)), old[name], new[name]) }
      return
    }
    differences.append(
      Difference(
        path: path.description, actual: before.map(Difference.Side.value) ?? .absent,
        desired: after.map(Difference.Side.value) ?? .absent))
  }

  /// Others that it asked the version of.
  mutating func versions(
    _ field: String, _ before: [ProcessSpec.Version], _ after: [ProcessSpec.Version]
  ) {
    for version in after {
      let old = before.first { $0.reference == version.reference }?.text
      if old == version.text { continue }
      differences.append(
        Difference(
          path: FieldPath([.key(field), .key(version.reference)]).description,
          actual: old.map { .value(.string(String($0.prefix(8)))) } ?? .absent,
          desired: .value(.string(String(version.text.prefix(8))))))
    }
  }

  /// The fields among the differences that mean a restart.
  func restarting(_ notifies: Bool) -> [String] {
    let fields = differences.map(\.path).filter(Self.isLaunching)
    return fields.isEmpty && notifies ? ["notify"] : fields
  }
}
