import ArgumentParser
import Logging
import ServiceLifecycle
private import Synchronization
import Tend
import TendAgent
import TendEngine
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
        tend agent --config /etc/tend/agent.yaml
        tend agent -f desired/
        tend agent --git git@git.example:hosts --semver "~1.4" --allowed-signers /etc/tend/signers
        tend agent -f desired/ --once       converge, print a summary, and exit

      With several units, a policy for each and more: --config; `tend explain agent` documents the \
      file. One that can't be read, or has a mistake, starts nothing. It is read again when it \
      changes, and at SIGHUP; one that can't be used then leaves the old one in force, and `tend \
      status` says so.

      Who can push to the branch has the rights of the user that the agent runs as.
      """)

  @OptionGroup(title: "What to follow") var origin: OriginOptions
  @Flag(help: "Converge once, print a summary, and exit.")
  var once = false
  @Flag(
    name: .customLong("stop-on-exit"),
    help: "End the processes that are kept running when the agent ends. Default: they go on.")
  var stopsOnExit = false
  @Option(
    name: .customLong("log-level"),
    help: "The least that is logged: trace, debug, info, notice, warning, error, critical.")
  var level: LevelArgument?
  @Option(
    name: .customLong("log-format"),
    help: "How it is logged, a line each: text or json. Default: text.")
  var format: LogFormatArgument?
  @Option(
    name: .customLong("metrics-file"),
    help: ArgumentHelp(
      "Keep metrics in this file, for node_exporter's textfile collector.", valueName: "path"))
  var metricsFile: String?
  @OptionGroup var state: StateOptions

  func perform(in session: Session) async throws -> ExitStatus {
    AgentProcess.shareHeap()
    var configuration = try origin.configuration(state)
    if stopsOnExit { configuration.stopsOnExit = true }
    if let metricsFile { configuration.metricsFile = metricsFile }
    let logLevel = level?.level ?? (once ? .warning : configuration.logLevel ?? .info)
    let format = format?.format ?? configuration.logFormat ?? .text
    let logger = Logger(label: "tend") { _ in LineLog(level: logLevel, format: format) }
    let agent = try Agent(
      configuration, providers: session.providers(), logger: logger,
      version: TendVersion.current)
    if once { return try await converge(agent, session) }
    let services: [any Service] = agent.canReload ? [agent, Hangups(agent)] : [agent]
    let group = ServiceGroup(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    try await group.run()
    return .success
  }

  private func converge(_ agent: Agent, _ session: Session) async throws -> ExitStatus {
    let text = ReportText(style: session.console.style)
    let hasFailed = Atomic(false)
    let vacated = try await agent.converge { step in
      if let line = text.line(for: step.progress) { session.console.out(line + "\n") }
    } report: { unit, ended in
      switch ended {
      case .success(let report):
        session.console.out("Unit \(unit): " + text.render(report))
        if !report.converged { hasFailed.store(true, ordering: .relaxed) }
      case .failure(let failure):
        let text = DiagnosticText(style: session.console.errorStyle)
        session.console.error("Unit \(unit) was not taken in:\n" + text.render(failure))
        hasFailed.store(true, ordering: .relaxed)
      }
    }
    session.console.out(text.render(vacated))
    return hasFailed.load(ordering: .relaxed) || !vacated.left.isEmpty ? .failure : .success
  }
}

/// Lets an agent read its configuration again at SIGHUP.
private struct Hangups: Service {
  private let agent: Agent

  init(_ agent: Agent) { self.agent = agent }

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup)
    for await _ in signals.cancelOnGracefulShutdown() { agent.reload() }
  }
}

/// The options that say what an agent follows: `--config`, `--git` and its company, or `-f`.
struct OriginOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A file that says what is followed, and how; see tend explain agent.", valueName: "file"))
  var config: String?
  @OptionGroup var git: GitOptions
  @Option(
    name: [.customShort("f"), .customLong("file")],
    help: ArgumentHelp("A directory of this machine, instead of a repository.", valueName: "dir"))
  var directory: String?
  @Option(name: [.customShort("u"), .long], help: "The name of the unit. Default: default.")
  var unit: String?
  @Option(help: "How often the source is asked, and resources are looked at, such as 30s or 5m.")
  var interval: DurationArgument?

  func validate() throws {
    guard [config != nil, !git.git.isEmpty, directory != nil].count(where: { $0 }) == 1 else {
      throw ValidationError("Name one thing to follow: --config FILE, --git URL, or -f DIR.")
    }
    guard config == nil || (unit == nil && interval == nil) else {
      throw ValidationError("With --config the file names the units and their intervals.")
    }
  }

  /// What these options describe; a file is read.
  func configuration(_ state: StateOptions) throws -> AgentConfiguration {
    if let config {
      return try ConfigurationFile(config).read(state: state.path.map(StateDirectory.init))
    }
    let unit = unit(mirrors: state.directory.mirrors)
    return AgentConfiguration(state: state.directory, units: [unit])
  }

  private func unit(mirrors: String) -> UnitConfiguration {
    let name = unit ?? "default"
    var policy = Unit.Policy()
    if let interval {
      policy.refreshInterval = interval.duration
      policy.interval = interval.duration
    }
    if let directory {
      return UnitConfiguration(name, origin: .directory(directory), policy: policy)
    }
    let configuration = git.configuration(mirrors: mirrors)
    return UnitConfiguration(name, origin: .git(configuration), policy: policy)
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

/// How a record is logged.
enum LogFormatArgument: String, ExpressibleByArgument, CaseIterable {
  case text, json

  var format: LineLog.Format { self == .json ? .json : .text }
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
