import Tend
import TendEngine
import TendGit
import TestSupport

/// A manifest of one file.
func file(_ name: String, _ content: String = "hello") -> String {
  """
  apiVersion: files/v1
  kind: File
  metadata:
    name: \(name)
  spec:
    path: /etc/\(name)
    content: \(content)

  """
}

extension Source {
  /// What a refresh found, which must be a change without mistakes.
  func read(after known: Revision? = nil) async throws -> Snapshot {
    switch try await refresh(after: known) {
    case .changed(let snapshot): return snapshot
    case .unchanged: throw ProgramFailed(description: "unchanged")
    case .invalid(_, let diagnostics): throw ProgramFailed(description: "\(diagnostics)")
    }
  }

  /// Why a refresh failed.
  func failure(after known: Revision? = nil) async throws -> SourceError {
    do {
      let refresh = try await refresh(after: known)
      throw ProgramFailed(description: "no failure but \(refresh)")
    } catch let error as SourceError {
      return error
    }
  }

  /// What is wrong with the newest revision.
  func mistakes(after known: Revision? = nil) async throws -> [String] {
    guard case .invalid(_, let diagnostics) = try await refresh(after: known) else {
      throw ProgramFailed(description: "nothing wrong")
    }
    return diagnostics.all.map(\.description)
  }
}

extension Snapshot {
  /// What is declared, in order.
  var names: [String] { declarations.map(\.reference.name) }

  /// The text of a file beside the manifests.
  func text(_ path: String) async throws -> String {
    String(decoding: try await tree.file(at: path).read(), as: UTF8.self)
  }

  /// Why a file beside the manifests can't be used.
  func refusal(_ path: String) throws -> String {
    do {
      let file = try tree.file(at: path)
      throw ProgramFailed(description: "\(file.path) can be used")
    } catch let error as SourceFileError {
      return error.message
    }
  }
}

/// A folder for mirrors and a repository to commit to.
struct Ground {
  let mirrors: TemporaryFolder
  let repository: GitRepository

  init() async throws {
    mirrors = try TemporaryFolder("mirrors")
    repository = try await GitRepository()
  }

  /// A source on the repository, or another address.
  func source(
    _ address: String? = nil, _ change: (inout GitConfiguration) -> Void = { _ in }
  ) throws -> GitSource {
    var configuration = GitConfiguration(
      repository: address ?? repository.url, mirrors: mirrors.path)
    change(&configuration)
    return try GitSource(configuration)
  }

  /// The one mirror, relative to the folder of mirrors.
  func mirror() throws -> String {
    guard let name = try mirrors.names().first else {
      throw ProgramFailed(description: "no mirror")
    }
    return "\(name)/mirror.git"
  }
}
