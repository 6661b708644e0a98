import ArgumentParser
import Tend
import TendAgent
import TendManifest

/// The option `--state-dir`.
struct StateOptions: ParsableArguments {
  @Option(
    name: .customLong("state-dir"),
    help: ArgumentHelp(
      "Where the agent keeps its state.",
      discussion: """
        Default: /var/lib/tend as root, else tend below $XDG_STATE_HOME or ~/.local/state.
        """,
      valueName: "dir"))
  var path: String?

  var directory: StateDirectory { path.map(StateDirectory.init) ?? .standard() }
}

/// The option `-u`.
struct UnitOption: ParsableArguments {
  @Option(name: [.customShort("u"), .long], help: "Only this unit.", completion: .units)
  var unit: String?
}

/// The option `-o`.
struct OutputOption: ParsableArguments {
  /// How a result is printed.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case json, yaml, wide
  }

  @Option(name: [.customShort("o"), .customLong("output")], help: "Another form of output.")
  var format: Format?

  var isWide: Bool { format == .wide }

  /// One of many that come one after the other: a line of JSON, or a document of YAML.
  func renderOne(_ document: @autoclosure () throws -> some Encodable, text: () -> String) throws
    -> String
  {
    switch format {
    case .json: return try ValueEncoder().encode(document()).json + "\n"
    case .yaml: return "---\n" + YAMLWriter.write(try ValueEncoder().encode(document()))
    case .wide, nil: return text()
    }
  }

  /// The result in the form that was asked for; `text` makes the one for people.
  func render(_ document: @autoclosure () throws -> some Encodable, text: () -> String) throws
    -> String
  {
    switch format {
    case .json: return try ValueEncoder().encode(document()).prettyJSON + "\n"
    case .yaml: return YAMLWriter.write(try ValueEncoder().encode(document()))
    case .wide, nil: return text()
    }
  }
}

/// The option `--show-private`.
struct PrivateOption: ParsableArguments {
  @Flag(
    name: .customLong("show-private"),
    help: ArgumentHelp(
      "Show content that others can't read, on a terminal only.",
      discussion: """
        Of a file that others can't read, or that is declared as sensitive, else only the size \
        and a keyed digest are shown.
        """))
  var showsPrivate = false

  /// What is shown must not end in a file, a pipe or the log of a job.
  func validate() throws {
    guard showsPrivate, !Session.current.console.isTerminal else { return }
    throw ValidationError(
      "--show-private shows what others must not read, and standard output is no terminal: it "
        + "could be kept in a file or a log; leave it out, or run the command at a terminal")
  }
}
