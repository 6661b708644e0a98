private import Synchronization

/// What a unit gives to all declarations that are decoded together: its name, its root, its values,
/// and the files beside its manifests.
///
/// It remembers which declaration asked for which file. One for many declarations, since most ask
/// for nothing.
package final class Premises: Sendable {
  typealias Asked = (path: String, file: SourceFile?)

  /// The files beside the manifests.
  package let tree: any SourceTree
  /// The unit's name.
  package let unit: String
  /// The directory that all paths of the unit lie below; nil for that of the machine.
  package let root: String?
  /// What placeholders stand for.
  package let values: Values
  private let lookups = Mutex<[ObjectIdentifier: [Asked]]>([:])

  /// What a unit has; name and root are among its values.
  package init(
    _ tree: any SourceTree, unit: String = "", root: String? = nil, values: Values = Values()
  ) {
    self.tree = tree
    self.unit = unit
    self.root = root
    self.values = values.naming(unit: unit, root: root)
  }

  /// Whether any of these has placeholders that may stand for other values than they did.
  package func changes(_ declarations: [Declaration], since before: Premises) -> Bool {
    declarations.contains(where: \.hasPlaceholders) && values != before.values
  }

  func read(by asker: Declaration.Content) -> [Asked] {
    lookups.withLock { $0[ObjectIdentifier(asker)] ?? [] }
  }

  /// What a declaration asks for; its content lives as long as what is remembered of it matters.
  func find(
    _ path: String, for asker: Declaration.Content
  ) throws(SourceFileError) -> SourceFile {
    let resolved = try Self.resolve(path, beside: asker.place.file)
    do {
      let file = try tree.file(at: resolved)
      remember((resolved, file), asker)
      return file
    } catch {
      remember((resolved, nil), asker)
      throw error
    }
  }

  private func remember(_ asked: Asked, _ asker: Declaration.Content) {
    lookups.withLock { $0[ObjectIdentifier(asker), default: []].append(asked) }
  }

  private static func resolve(
    _ path: String, beside manifest: String
  ) throws(SourceFileError) -> String {
    guard !path.hasPrefix("/") else {
      throw SourceFileError(
        "\(path) is an absolute path", remedy: "give it relative to the manifest")
    }
    var parts = manifest.split(separator: "/").dropLast().map(String.init)
    for part in path.split(separator: "/", omittingEmptySubsequences: true) where part != "." {
      if part == ".." {
        guard parts.popLast() != nil else {
          throw SourceFileError(
            "\(path) leads out of the unit", remedy: "keep the file inside the unit's path")
        }
      } else {
        parts.append(String(part))
      }
    }
    return parts.joined(separator: "/")
  }
}
