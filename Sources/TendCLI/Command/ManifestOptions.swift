import ArgumentParser
import Tend
import TendAgent
import TendEngine
import TendGit
import TendManifest

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

  @Option(
    help: ArgumentHelp(
      "The name that ${host.name} stands for. Default: the machine's.", valueName: "name"))
  var host: String?
  @Option(
    help: ArgumentHelp(
      "A directory that all paths lie below. Default: the root of the machine.", valueName: "dir"))
  var root: String?

  var input: Input {
    var values = ValueInputs(host: host)
    values.root = absoluteRoot
    return Input(path: path, values: values)
  }

  private var absoluteRoot: String? { root.map { StateDirectory($0).path } }

  func validate() throws {
    guard !path.isEmpty else { throw ValidationError("-f needs a path") }
    guard root != "" else { throw ValidationError("--root needs a directory") }
    try checkHost(host)
  }

  /// The unit that is meant, for a plan.
  func target(allowing deletions: Int? = nil) throws -> Unit {
    var policy = Unit.Policy()
    policy.prunes = input.prunes
    policy.allowedDeletions = deletions
    policy.root = absoluteRoot
    return Unit(try input.unit(named: unit), policy: policy)
  }

  /// The unit as it can be read again later; nil for what is no directory.
  func configuration(of unit: Unit) -> UnitConfiguration? {
    input.origin.map { origin in
      var configuration = UnitConfiguration(unit.name, origin: origin, policy: unit.policy)
      configuration.values = input.values
      return configuration
    }
  }

  /// Reads and checks; throws all that is wrong.
  func snapshot(checkedBy engine: Engine, for unit: String) async throws -> Snapshot {
    try await input.read(for: unit).checked(by: engine, for: unit)
  }
}

/// Throws where a text can't be the name of a host.
func checkHost(_ host: String?) throws {
  if let host, host.isEmpty || host.contains("/") {
    throw ValidationError("--host needs the name of a host, as hostname prints it")
  }
}
