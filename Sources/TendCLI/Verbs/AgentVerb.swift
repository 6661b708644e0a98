import ArgumentParser
import Logging
import ServiceLifecycle
import Tend
import TendAgent
import TendEngine
import TendGit
import UnixSignals

/// The verb `tend agent`.
struct AgentVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "agent",
    abstract: "Follows a repository or a directory for good.",
    discussion: """
      Takes in every new revision, repairs what drifts, deletes what is no longer declared, and \
      answers the other commands. Ctrl-C or SIGTERM: what has begun is finished, then it exits \
      with 0.

        tend agent --git https://git.example/hosts.git --branch main --path web --interval 30s
        tend agent -f desired/
        tend agent -f desired/ --once       converge, print a summary, and exit

      Who can push to the branch has the rights of the user that the agent runs as.
      """)

  @OptionGroup(title: "What to follow") var origin: OriginOptions
  @Flag(help: "Converge once, print a summary, and exit.")
  var once = false
  @Option(
    name: .customLong("log-level"),
    help: "The least that is logged: trace, debug, info, notice, warning, error, critical.")
  var level: LevelArgument?
  @OptionGroup var state: StateOptions

  func perform(in session: Session) async throws -> ExitStatus {
    let logLevel = level?.level ?? (once ? .warning : .info)
    let logger = Logger(label: "tend") { _ in LineLog(level: logLevel) }
    let configuration = AgentConfiguration(
      state: state.directory,
      units: [try origin.unit(mirrors: state.directory.mirrors, logger: logger)])
    let agent = try Agent(
      configuration, providers: session.providers(), logger: logger,
      version: TendVersion.current)
    if once { return try await converge(agent, session) }
    let group = ServiceGroup(
      services: [agent], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    try await group.run()
    return .success
  }

  private func converge(_ agent: Agent, _ session: Session) async throws -> ExitStatus {
    let text = ReportText(style: session.console.style)
    let reports = try await agent.converge { step in
      if let line = text.line(for: step.progress) { session.console.out(line + "\n") }
    }
    for (unit, report) in reports {
      session.console.out("Unit \(unit): " + text.render(report))
    }
    return reports.allSatisfy(\.report.converged) ? .success : .failure
  }
}

/// The options that say what an agent follows: `--git` and its company, or `-f`.
struct OriginOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A Git repository.", valueName: "url"))
  var git: String?
  @Option(help: "The branch that is followed. Default: main.")
  var branch: String?
  @Option(help: ArgumentHelp("One commit instead of a branch, by its full id.", valueName: "id"))
  var commit: String?
  @Option(
    help: ArgumentHelp("The directory in the repository. Default: its root.", valueName: "dir"))
  var path: String?
  @Option(
    name: [.customShort("f"), .customLong("file")],
    help: ArgumentHelp("A directory of this machine, instead of a repository.", valueName: "dir"))
  var directory: String?
  @Option(name: [.customShort("u"), .long], help: "The name of the unit.")
  var unit = "default"
  @Option(help: "How often the source is asked, and resources are looked at, such as 30s or 5m.")
  var interval: DurationArgument?

  func validate() throws {
    guard (git == nil) != (directory == nil) else {
      throw ValidationError("Name one thing to follow: --git URL, or -f DIR.")
    }
    guard git != nil || (branch == nil && commit == nil && path == nil) else {
      throw ValidationError("--branch, --commit and --path belong to --git.")
    }
    guard branch == nil || commit == nil else {
      throw ValidationError("Give --branch or --commit, not both.")
    }
  }

  /// The unit that these options describe.
  func unit(mirrors: String, logger: Logger) throws -> UnitConfiguration {
    var policy = Unit.Policy()
    if let interval {
      policy.refreshInterval = interval.duration
      policy.interval = interval.duration
    }
    if let directory {
      return UnitConfiguration(unit, origin: .directory(directory), policy: policy)
    }
    var configuration = GitConfiguration(
      repository: git ?? "",
      reference: commit.map { .commit($0) } ?? .branch(branch ?? "main"), path: path ?? "",
      mirrors: mirrors)
    configuration.logger = logger
    return UnitConfiguration(unit, origin: .git(configuration), policy: policy)
  }
}

/// A duration as it is written in manifests, at least 100 ms.
struct DurationArgument: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    guard let duration = Duration(argument), duration >= .milliseconds(100) else { return nil }
    self.duration = duration
  }
}

/// A level as swift-log names it.
struct LevelArgument: ExpressibleByArgument {
  let level: Logger.Level

  init(_ level: Logger.Level) { self.level = level }

  init?(argument: String) {
    guard let level = Logger.Level(rawValue: argument) else { return nil }
    self.level = level
  }
}
