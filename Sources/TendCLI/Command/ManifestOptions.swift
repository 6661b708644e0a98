import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// The options `-f` and `--unit` of verbs that read manifests.
struct ManifestOptions: ParsableArguments {
  @Option(
    name: [.customShort("f"), .customLong("file")],
    help: ArgumentHelp(
      "A manifest, a directory of manifests, or - for standard input.", valueName: "path"))
  var path: String
  @Option(
    name: [.customShort("u"), .customLong("unit")],
    help: "The unit that is meant. Default: name in tend.yaml, else \"default\".")
  var unit: String?

  var input: Input { Input(path: path) }

  func validate() throws {
    guard !path.isEmpty else { throw ValidationError("-f needs a path") }
  }

  /// The unit that is meant, for a plan.
  func target(allowing deletions: Int? = nil) throws -> Unit {
    var policy = Unit.Policy()
    policy.prunes = input.prunes
    policy.allowedDeletions = deletions
    return Unit(try input.unit(named: unit), policy: policy)
  }

  /// Reads and checks; throws all that is wrong.
  func snapshot(checkedBy engine: Engine, for unit: String) async throws -> Snapshot {
    try await input.read().checked(by: engine, for: unit)
  }
}
