import ArgumentParser
import Tend
import TendAgent
import TendEngine
import TendGit
import TendManifest

/// The verb `tend validate`.
struct Validate: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Checks manifests without a look at the world.",
    discussion: """
      Parses, decodes, and checks names, references and cycles; every mistake is reported in one \
      run, each with file, line and column. The answer is the same on every machine: where \
      tend.yaml names files of values, each host that has one is checked.

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

  @Option(
    help: ArgumentHelp(
      "Only this host. Default: every one that a file of values is named after.",
      valueName: "name"))
  var host: String?

  private var input: Input? { path.map { Input(path: $0, values: ValueInputs(host: host)) } }
  var placePrefix: String { input?.prefix ?? "" }

  func validate() throws {
    guard path != "" else { throw ValidationError("-f needs a path") }
    try checkHost(host)
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
    guard host == nil, !input.isStandardInput else {
      let snapshot = try await input.read(for: unit).checked(by: engine, for: unit)
      session.console.out(Self.verdict(snapshot, hosts: 1))
      return .success
    }
    let reading = try await input.readForEveryHost(unit: unit)
    let mistakes = Self.mistakes(reading, engine, unit)
    guard mistakes.isEmpty else { throw mistakes }
    session.console.out(Self.verdict(reading.snapshot, hosts: reading.hosts.count))
    return .success
  }

  private static func verdict(_ snapshot: Snapshot, hosts: Int) -> String {
    let count = snapshot.declarations.count
    let resources = "\(count) \(count == 1 ? "resource" : "resources")"
    return "Valid: \(resources)\(hosts > 1 ? " on each of \(hosts) hosts" : "").\n"
  }

  /// What is wrong on all hosts once, and what is wrong on some of them with their names.
  private static func mistakes(
    _ reading: EveryHost, _ engine: Engine, _ unit: String
  ) -> Diagnostics {
    var hosts: [Diagnostic: [String]] = [:]
    var all: [Diagnostic] = []
    for host in reading.hosts {
      var found = reading.diagnostics
      found.append(contentsOf: host.values.diagnostics)
      let reading = Input.Reading(snapshot: reading.snapshot(on: host), diagnostics: found)
      for diagnostic in reading.mistakes(checkedBy: engine, for: unit).all {
        if hosts[diagnostic] == nil { all.append(diagnostic) }
        hosts[diagnostic, default: []].append(host.name ?? "")
      }
    }
    return Diagnostics(
      all.map { diagnostic in
        let names = hosts[diagnostic] ?? []
        return names.count == reading.hosts.count ? diagnostic : diagnostic.on(names)
      }
    ).sorted
  }
}

extension Diagnostic {
  /// The same with the hosts on which it holds, of which the first five are named.
  fileprivate func on(_ hosts: [String]) -> Diagnostic {
    var named = self
    let more = hosts.count > 5 ? " and \(hosts.count - 5) more" : ""
    named.message += ", on " + hosts.prefix(5).joined(separator: ", ") + more
    return named
  }
}
