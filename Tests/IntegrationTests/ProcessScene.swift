import Foundation
import Glibc
import TestSupport
import Testing

/// Processes that are started, replaced and ended; they outlive the agent.
struct ProcessScene: Scene {
  let tend: Tend

  var arguments: [String] {
    ["agent", "-f", tend.manifests, "--once", "--state-dir", tend.state]
  }

  func reset() async throws {
    try await close()
    try start(with: process("kept", "1") + process("changed", "1") + process("gone", "1"))
    try await runThrough(arguments)
    try declare(process("kept", "1") + process("changed", "2") + process("new", "1"))
  }

  func problems() async throws -> [String] {
    var problems = try await commonProblems()
    let alive = try working()
    if alive.values.sorted() != ["changed 2", "kept 1", "new 1"] {
      problems.append("at work are \(alive)")
    }
    let starts = try tend.folder.text("world/starts").split(separator: "\n").map(String.init)
    if starts.count(where: { $0.hasPrefix("kept ") }) != 1 {
      problems.append("what is as declared was started again: \(starts)")
    }
    return problems + zombies()
  }

  func close() async throws {
    guard tend.folder.exists("manifests") else { return }
    _ = try await tend.run(arguments + ["--stop-on-exit"])
    try await eventually("none is at work") { try working().isEmpty }
    // It would wait a while for more to do.
    for holder in holders() { kill(holder, SIGKILL) }
    try await eventually("no holder is left") { holders().isEmpty }
  }

  /// What it is stands in its arguments, so that a look at the process tells.
  private func process(_ name: String, _ version: String) -> String {
    """
    ---
    apiVersion: processes/v1
    kind: Process
    metadata: {name: \(name)}
    spec:
      command:
        [/bin/sh, -c, 'echo "$0 $1" >> starts; while :; do sleep 1; done', \(name), "\(version)"]
      directory: \(tend.world)
      stop: [{signal: KILL}]

    """
  }

  /// Name and version of each process that works in this world, by its id.
  ///
  /// What a shell has forked shows the shell's arguments until it runs a program of its own.
  private func working() throws -> [Int32: String] {
    var found: [Int32: String] = [:]
    for id in processes() where read(id, "cwd-link") == tend.world {
      let words = read(id, "cmdline").split(separator: "\0").map(String.init)
      if words.first == "/bin/sh" { found[id] = words.suffix(2).joined(separator: " ") }
    }
    return found.filter { id, _ in status(of: id).map { found[$0.parent] == nil } ?? false }
  }

  private func holders() -> [Int32] {
    processes().filter {
      let line = read($0, "cmdline")
      return line.hasPrefix("tend-holder") && line.contains(tend.folder.path)
    }
  }

  /// Those that ended and that their holder has not waited for.
  private func zombies() -> [String] {
    let holders = Set(holders())
    return processes().compactMap { id in
      guard let (state, parent) = status(of: id), state == "Z", holders.contains(parent) else {
        return nil
      }
      return "\(id) is a zombie"
    }
  }

  /// Its state and its parent (proc(5)); nil where it is gone.
  private func status(of id: Int32) -> (state: Substring, parent: Int32)? {
    let words = read(id, "stat").split(separator: ")").last?.split(separator: " ") ?? []
    guard words.count > 1, let parent = Int32(words[1]) else { return nil }
    return (words[0], parent)
  }

  private func processes() -> [Int32] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap(Int32.init)
  }

  /// A file of `/proc`, empty where the process is gone.
  private func read(_ id: Int32, _ file: String) -> String {
    if file == "cwd-link" {
      return (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/cwd")) ?? ""
    }
    guard let bytes = FileManager.default.contents(atPath: "/proc/\(id)/\(file)") else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }
}
