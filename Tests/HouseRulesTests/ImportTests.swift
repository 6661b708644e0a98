import Foundation
import Testing

/// Who may import whom: CONTRIBUTING.md has the reasons, this table decides.
struct ImportTests {
  /// What every Swift file may import: the standard library and the system's own.
  static let anywhere: Set<String> = ["Synchronization"]
  /// System libraries for those that talk to the system.
  static let system: Set<String> = ["Glibc", "Musl", "Darwin", "Dispatch"]

  /// A module, and all that it may import besides.
  static let table: [String: Set<String>] = [
    "Tend": [],
    "TendEngine": system.union([
      "Tend", "Logging", "Metrics", "CoreMetrics", "Tracing", "Instrumentation", "ServiceLifecycle",
    ]),
    "TendManifest": ["Tend", "CYAML", "CJansson", "CZlib"],
    "TendGit": system.union([
      "Tend", "TendEngine", "TendManifest", "Subprocess", "SystemPackage", "Logging", "Metrics",
    ]),
    "TendSQLite": system.union(["Tend", "TendEngine", "GRDB", "Crypto"]),
    "TendTesting": ["Tend", "TendEngine", "TendManifest", "Testing"],
    "TendSimulation": system.union(["Tend", "TendEngine", "TendTesting", "Logging"]),
    "TendAgent": system.union([
      "Tend", "TendEngine", "TendManifest", "TendGit", "TendSQLite", "CTendAgent", "Logging",
      "Metrics", "CoreMetrics", "ServiceLifecycle",
    ]),
    "TendCLI": system.union([
      "Tend", "TendEngine", "TendManifest", "TendGit", "TendSQLite", "TendAgent",
      "ArgumentParser", "Logging", "ServiceLifecycle", "UnixSignals",
    ]),
    "TendFiles": system.union(["Tend", "CTendFiles", "SystemPackage", "Crypto", "Logging"]),
    "TendHTTP": system.union([
      "Tend", "CJansson", "Crypto", "AsyncHTTPClient", "NIOCore", "NIOPosix", "NIOHTTP1",
      "NIOHTTPCompression", "NIOSSL",
    ]),
    "TendProcesses": system.union(["Tend", "CTendProcesses", "Crypto"]),
  ]

  /// Modules in C have headers and nothing to import.
  static let inC: Set<String> = [
    "CYAML", "CJansson", "CZlib", "CTendFiles", "CTendAgent", "CTendProcesses",
  ]

  /// The folder of a module.
  static func folder(_ module: String) -> String {
    FileManager.default.fileExists(atPath: Tree.root.appending(path: "Sources/\(module)").path())
      ? "Sources/\(module)" : "Plugins/\(module)"
  }

  @Test("a module imports only what the table lists", arguments: table.keys.sorted())
  func importsOfModule(_ module: String) throws {
    let allowed = try #require(Self.table[module]).union(Self.anywhere)
    for file in Tree.code(in: [Self.folder(module)]) {
      for (name, place) in imports(of: file) where !allowed.contains(name) {
        Issue.record("\(place): \(module) may not import \(name)")
      }
    }
  }

  @Test("every module on the disk stands in the table")
  func modulesOnTheDisk() throws {
    for room in ["Sources", "Plugins"] {
      let names = try FileManager.default.contentsOfDirectory(
        atPath: Tree.root.appending(path: room).path())
      for name in names where !Self.inC.contains(name) {
        #expect(Self.table[name] != nil, "\(room)/\(name) is not in the table")
      }
    }
  }

  @Test("every module of the manifest stands in the table")
  func modulesOfTheManifest() throws {
    let manifest = try Tree.text("Package.swift")
    let found = manifest.matches(
      of: /(?:module|plugin|systemLibrary|target)\(\s*(?:name: )?"(\w+)"/)
    #expect(!found.isEmpty)
    for name in found.map({ String($0.output.1) }) where name != "TestSupport" {
      #expect(
        Self.table[name] != nil || Self.inC.contains(name), "\(name) is not in the table")
    }
  }

  @Test("nothing under Sources or Plugins imports Foundation")
  func noFoundation() {
    for file in Tree.code(in: ["Sources", "Plugins"]) {
      for (name, place) in imports(of: file) where name.hasPrefix("Foundation") {
        Issue.record("\(place): \(name) brings 20 MiB and its own ideas of paths and dates")
      }
    }
  }

  /// The modules that a file imports, each with its place.
  private func imports(of file: SwiftFile) -> [(name: String, place: String)] {
    let kinds = ["struct", "class", "enum", "func", "protocol", "var", "let", "typealias"]
    return file.code.indices.compactMap { index in
      guard file.code[index].contains("import ") else { return nil }
      let words = file.code[index].split { $0 == " " || $0 == "." }.map(String.init)
      guard let keyword = words.firstIndex(of: "import") else { return nil }
      let name = words[(keyword + 1)...].first { !kinds.contains($0) }
      return name.map { ($0, file.place(index)) }
    }
  }
}
