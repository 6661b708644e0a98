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
        tend validate --config /etc/tend/agent.yaml
      """)

  @Option(
    name: [.customShort("f"), .customLong("file")],
    help: ArgumentHelp(
      "A manifest, a directory of manifests, or - for standard input.", valueName: "path"))
  var path: String?
  @Option(
    name: [.customShort("u"), .customLong("unit")],
    help: "The unit that is meant. Default: name in tend.yaml, else \"default\".")
  var unit: String?
  @Option(
    help: ArgumentHelp("Instead the configuration of an agent is checked.", valueName: "file"))
  var config: String?

  private var input: Input? { path.map(Input.init) }
  var placePrefix: String { input?.prefix ?? "" }

  func validate() throws {
    guard path != "" else { throw ValidationError("-f needs a path") }
    guard (config == nil) != (path == nil) else {
      throw ValidationError("Name what is to be checked: -f PATH, or --config FILE.")
    }
  }

  func perform(in session: Session) async throws -> ExitStatus {
    let engine = try session.engine(InMemoryStore())
    if let input { return try await check(input, engine, session) }
    guard let config else { return .failure }
    let count = try ConfigurationFile(config).read().units.count
    session.console.out("Valid: \(count) \(count == 1 ? "unit" : "units").\n")
    return .success
  }

  private func check(
    _ input: Input, _ engine: Engine, _ session: Session
  ) async throws -> ExitStatus {
    let unit = try input.unit(named: unit)
    let snapshot = try await input.read().checked(by: engine, for: unit)
    let count = snapshot.declarations.count
    session.console.out("Valid: \(count) \(count == 1 ? "resource" : "resources").\n")
    return .success
  }
}
