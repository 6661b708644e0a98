private import Glibc
import TendAgent

/// A package with a provider that people begin with.
struct ProviderTemplate {
  /// Where Tend's package is.
  enum Location: Hashable {
    case folder(String)
    case repository(String)

    init(_ text: String) throws {
      if text.contains("://") || text.hasPrefix("git@") {
        self = .repository(text)
      } else if let path = realpath(text, nil) {
        defer { free(path) }
        self = .folder(String(cString: path))
      } else {
        throw Failure("NotFound", "there is no \(text)", remedy: "name Tend's folder, or its URL")
      }
    }

    /// How a package depends on it.
    fileprivate var dependency: String {
      switch self {
      case .folder(let path): #".package(name: "tend", path: \#(path.asText))"#
      case .repository(let url): #".package(url: \#(url.asText), branch: "main")"#
      }
    }

    /// What its products are found under.
    fileprivate var package: String {
      guard case .repository(let url) = self else { return "tend" }
      let name = url.split(separator: "/").last.map(String.init) ?? "tend"
      return (name.hasSuffix(".git") ? String(name.dropLast(4)) : name).lowercased()
    }
  }

  /// All of it.
  let files: [NewFolder.File]

  /// Throws for a kind or a version that would not compile, or not be found.
  init(kind: String, apiVersion: String?, tend: Location) throws {
    let apiVersion = apiVersion ?? "\(kind.lowercased())s/v1"
    guard kind.wholeMatch(of: /[A-Z][A-Za-z0-9]*/) != nil, !Self.taken.contains(kind) else {
      throw Failure(
        "Usage", "\(kind) can't be the name of this kind",
        remedy: "use upper camel case, such as Lamp, and no name that Swift or Tend has already")
    }
    guard apiVersion.wholeMatch(of: /[a-z][a-z0-9.-]*\/v[0-9]+[a-z0-9]*/) != nil else {
      throw Failure(
        "Usage", "\(apiVersion) is no group and version", remedy: "write it like lamps/v1")
    }
    let lower = kind.prefix(1).lowercased() + kind.dropFirst()
    let words = [
      ("gadgets/v1", apiVersion), ("Gadget", kind), ("gadget", lower),
      ("DEPENDENCY", tend.dependency), ("PACKAGE", tend.package.asText),
    ]
    files = Self.texts.map { path, text in
      NewFolder.File(path: Self.fill(path, words), text: Self.fill(text, words))
    }
  }

  private static func fill(_ text: String, _ words: [(String, String)]) -> String {
    words.reduce(text) { $0.replacing($1.0, with: $1.1) }
  }

  /// Names that the files use for something else.
  private static let taken: Set<String> = [
    "Any", "Change", "Context", "DesiredState", "Difference", "Faults", "Journal", "Kind", "Mutex",
    "Outcome", "Provider", "ProviderError", "Resource", "Schema", "Self", "Sendable", "Service",
    "String", "Target", "TrialWorld", "Type",
  ]
}

extension String {
  /// As a text of Swift's.
  fileprivate var asText: String {
    "\"" + replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
