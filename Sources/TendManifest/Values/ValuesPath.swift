public import Tend

/// One entry of `values` in `tend.yaml`: the path of a file of values.
///
/// `${NAME}` in it stands for what is known of the host, of the unit, or from the files before it.
public struct ValuesPath: Sendable, Hashable {
  /// As it was written.
  public let description: String
  /// Where it was written.
  public let place: Place
  private let template: Template
  /// All paths that it may stand for.
  private let pattern: PathPattern

  /// Reads an entry; nil where it is absolute, leads upward, or is not the name of a YAML or JSON
  /// file.
  init?(_ description: String, at place: Place) {
    guard let template = try? Template(description), !description.contains("*"),
      !description.contains("?"), ManifestFile.isManifest(description),
      let pattern = PathPattern(Self.pattern(of: template.parts) { _ in nil })
    else { return nil }
    self.description = description
    self.place = place
    self.template = template
    self.pattern = pattern
  }

  private static func pattern(
    of parts: [Template.Part], _ text: (String) -> String?
  ) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .placeholder(let name): text(name) ?? "*"
      }
    }.joined()
  }

  /// Whether it stands for another file on another host or in another unit.
  public var isVariable: Bool { !template.placeholders.isEmpty }

  /// Whether it may stand for a path.
  public func mayName(_ path: String) -> Bool { pattern.matches(path) }

  /// The path with these values; nil where a name in it has none, or one with a slash in it.
  func path(with values: Values) -> String? {
    var path = ""
    for part in template.parts {
      switch part {
      case .text(let text): path += text
      case .placeholder(let name):
        guard let text = values[name]?.scalarText, !text.contains("/") else { return nil }
        path += text
      }
    }
    return path
  }

  /// The host for which it stands for a path; nil where that can't be told.
  func host(of path: String) -> String? {
    guard template.placeholders == ["host.name"], mayName(path) else { return nil }
    var (before, after, isBefore) = ("", "", true)
    for part in template.parts {
      switch part {
      case .placeholder: isBefore = false
      case .text(let text): if isBefore { before += text } else { after += text }
      }
    }
    guard path.hasPrefix(before), path.hasSuffix(after),
      path.utf8.count > before.utf8.count + after.utf8.count
    else { return nil }
    return String(path.dropFirst(before.count).dropLast(after.count))
  }
}
