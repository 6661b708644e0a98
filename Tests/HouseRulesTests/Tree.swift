import Foundation

/// The files of this package, as they lie on the disk.
enum Tree {
  /// The package's own folder.
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Folders with Swift code.
  static let rooms = ["Sources", "Plugins", "Examples", "Tests"]

  /// Every file of these folders whose name ends so, by path; folders of builds left out.
  static func files(_ suffix: String, in folders: [String] = rooms) -> [String] {
    folders.flatMap { folder -> [String] in
      let all = FileManager.default.enumerator(atPath: root.appending(path: folder).path())
      let names = (all?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(suffix) }
      return names.filter { !$0.contains(".build/") }.map { "\(folder)/\($0)" }
    }.sorted()
  }

  /// Documents, in the folders and beside them.
  static var documents: [String] {
    let top = (try? FileManager.default.contentsOfDirectory(atPath: root.path())) ?? []
    return top.filter { $0.hasSuffix(".md") }.sorted() + files(".md")
  }

  /// A file's text.
  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// Every Swift file of these folders, by path; read once for all rules.
  static func code(in folders: [String] = rooms) -> [SwiftFile] {
    swift.filter { file in folders.contains { file.path.hasPrefix($0 + "/") } }
  }

  private static let swift = files(".swift").compactMap { path in
    try? SwiftFile(path, text(path))
  }
}
