import ArgumentParser
import Tend
import TendAgent
import TendEngine
import TendManifest

/// The verb `tend schema`.
struct SchemaVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Prints the JSON Schema of manifests, for editors and checkers.",
    discussion: """
      JSON Schema 2020-12, from the same fields that tend validate checks and tend explain \
      documents.

        tend schema                 all kinds; for an editor's language server
        tend schema File            one kind; for kubeconform: > file-files-v1.json
        tend schema agent           the configuration of an agent
        tend schema tend.yaml       the settings of a tree of manifests
      """)

  @Argument(
    help: "KIND, with the group in front where it is ambiguous; agent; tend.yaml.",
    completion: .kinds)
  var what: String?

  func perform(in session: Session) async throws -> ExitStatus {
    session.console.out(try schema(session).prettyJSON + "\n")
    return .success
  }

  private func schema(_ session: Session) throws -> Value {
    switch what {
    case "agent": return JSONSchema.file("agent", ConfigurationSchema.schema)
    case TreeSettings.path: return JSONSchema.file(TreeSettings.path, TreeSettings.schema)
    default: break
    }
    let kinds = try session.engine(InMemoryStore()).kinds.sorted { $0.name < $1.name }
    guard let what else {
      return JSONSchema.documents(of: kinds.map { ($0.name, $0.schema) })
    }
    let (kind, field) = try Explain.find(what, among: kinds)
    guard field == nil else {
      throw Failure(
        "NotFound", "there is a schema for a kind as a whole",
        remedy: "`tend explain \(what)` documents a field")
    }
    return JSONSchema.documents(of: [(kind.name, kind.schema)])
  }
}
