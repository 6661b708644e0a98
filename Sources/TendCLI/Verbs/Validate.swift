import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// The verb `tend validate`.
struct Validate: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Checks manifests without a look at the world.",
    discussion: """
      Parses, decodes, and checks names, references and cycles; every mistake is reported in one \
      run, each with file, line and column. The answer is the same on every machine.

        tend validate -f desired/
        kustomize build | tend validate -f -
      """)

  @OptionGroup var manifests: ManifestOptions
  var placePrefix: String { manifests.input.prefix }

  func perform(in session: Session) async throws -> ExitStatus {
    let unit = try manifests.input.unit(named: manifests.unit)
    let engine = try session.engine(InMemoryStore())
    let snapshot = try await manifests.snapshot(checkedBy: engine, for: unit)
    let count = snapshot.declarations.count
    session.console.out("Valid: \(count) \(count == 1 ? "resource" : "resources").\n")
    return .success
  }
}
