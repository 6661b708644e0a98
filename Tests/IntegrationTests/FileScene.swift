import Foundation
import TestSupport

/// Files, directories and links that are created, changed and deleted.
struct FileScene: Scene {
  let tend: Tend
  /// Whether the run is the first one at all, which makes the store.
  let isFirst: Bool

  func reset() async throws {
    try start(with: before)
    try tend.folder.write("a stranger's\n", to: "world/stranger")
    try tend.folder.write("was there\n", to: "world/adopted")
    if isFirst { return }
    try await runThrough(arguments)
    try declare(after)
  }

  func problems() async throws -> [String] {
    var problems = try await commonProblems()
    let found = try look()
    let expected = isFirst ? lookBefore : lookAfter
    for (path, text) in expected where found[path] != text {
      problems.append("\(path) is \(found[path] ?? "missing"), not \(text)")
    }
    for path in found.keys where expected[path] == nil { problems.append("\(path) is left") }
    return problems.sorted()
  }

  /// All below the world: type, mode and content or target.
  private func look() throws -> [String: String] {
    let files = FileManager.default
    var found: [String: String] = [:]
    for path in try files.subpathsOfDirectory(atPath: tend.world) {
      let whole = "\(tend.world)/\(path)"
      let attributes = try files.attributesOfItem(atPath: whole)
      let mode = String((attributes[.posixPermissions] as? Int ?? 0) & 0o7777, radix: 8)
      switch attributes[.type] as? FileAttributeType {
      case .typeSymbolicLink:
        found[path] = "-> " + (try files.destinationOfSymbolicLink(atPath: whole))
      case .typeDirectory: found[path] = "\(mode)/"
      default: found[path] = "\(mode) " + (try String(contentsOfFile: whole, encoding: .utf8))
      }
    }
    return found
  }

  private static func file(_ path: String, _ content: String, _ more: String = "") -> String {
    """
    ---
    apiVersion: files/v1
    kind: File
    metadata: {name: \(path.replacing("/", with: "-"))}
    spec: {path: WORLD/\(path), content: "\(content)\\n"\(more)}

    """
  }

  private static func directory(_ path: String) -> String {
    """
    ---
    apiVersion: files/v1
    kind: Directory
    metadata: {name: \(path)}
    spec: {path: WORLD/\(path)}

    """
  }

  private static func link(_ path: String, to target: String) -> String {
    """
    ---
    apiVersion: files/v1
    kind: Symlink
    metadata: {name: \(path)}
    spec: {path: WORLD/\(path), target: \(target)}

    """
  }

  private var before: String {
    let all = [
      Self.directory("old"), Self.file("old/gone", "gone"), Self.file("adopted", "ours"),
      Self.file("changed", "one"), Self.file("moded", "same"), Self.file("kept", "kept"),
      Self.link("link", to: "changed"), Self.link("loose", to: "kept"),
    ]
    return all.joined().replacing("WORLD", with: tend.world)
  }

  private var lookBefore: [String: String] {
    [
      "stranger": "644 a stranger's\n", "old": "755/", "old/gone": "644 gone\n",
      "adopted": "644 ours\n", "changed": "644 one\n", "moded": "644 same\n", "kept": "644 kept\n",
      "link": "-> changed", "loose": "-> kept",
    ]
  }

  private var after: String {
    let all = [
      Self.directory("new"), Self.file("new/made", "made"), Self.file("adopted", "ours again"),
      Self.file("changed", "two"), Self.file("moded", "same", ", mode: \"0600\""),
      Self.file("kept", "kept"), Self.link("link", to: "kept"),
    ]
    return all.joined().replacing("WORLD", with: tend.world)
  }

  private var lookAfter: [String: String] {
    [
      "stranger": "644 a stranger's\n", "new": "755/", "new/made": "644 made\n",
      "adopted": "644 ours again\n", "changed": "644 two\n", "moded": "600 same\n",
      "kept": "644 kept\n", "link": "-> kept",
    ]
  }
}
