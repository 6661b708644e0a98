public import ArgumentParser
private import Glibc
public import Tend
private import TendAgent

/// The `tend` command, for executables that bring their own providers.
///
/// ```swift
/// import TendCLI
/// import TendFiles
/// import TendHTTP
/// import TendProcesses
///
/// await TendCommand.main { [FileProvider(), ProcessProvider(), HTTPProvider()] }
/// ```
public struct TendCommand: AsyncParsableCommand {
  /// Name, help and verbs.
  public static let configuration = CommandConfiguration(
    commandName: "tend",
    abstract: "Keeps the world as it was declared.",
    discussion: """
      Desired state is declared in manifests, a tree of YAML or JSON files, best kept in Git:

        tend validate -f DIR        are the manifests right?
        tend plan -f DIR            what would change?
        tend apply -f DIR           change it, now and once
        tend agent --git URL        follow a repository, and repair what drifts

      A running agent answers these, and without one they read what it has stored:

        tend status                 is everything as it should be?
        tend get, tend describe     what is there, and why is it so?
        tend history, tend events   what was done, when, and by whom?
        tend logs, tend restart     what a process prints; start it anew
        tend suspend, tend resume   leave it alone for a while

      Results go to standard output, diagnostics to standard error. The exit status is 0 where all \
      is well, 1 where it is not, 64 where the command was not understood.
      """,
    version: TendVersion.current,
    subcommands: [
      Validate.self, PlanVerb.self, Apply.self, AgentVerb.self, Status.self, Get.self,
      Describe.self, Diff.self, History.self, Events.self, Logs.self, Reconcile.self,
      Restart.self, Wait.self, Suspend.self, Resume.self, Restore.self, Approve.self,
      Forget.self, Explain.self, MetricsVerb.self, SchemaVerb.self, InitVerb.self,
      Completions.self, Manual.self,
    ])

  /// Made by the parser.
  public init() {}

  /// Runs the command that the process's arguments name, and exits with its status.
  ///
  /// `providers` is called only by verbs that need them, so that `--help` costs nothing.
  public static func main(
    providers: @escaping @Sendable () throws -> [any Provider]
  ) async -> Never {
    // A reader that has gone away must not end a change half way.
    signal(SIGPIPE, SIG_IGN)
    let console = Console(environment: StateDirectory.variable)
    let session = Session(providers: providers, console: console)
    await Session.$current.withValue(session) {
      do {
        var command = try await asyncParseAsRoot()
        if var command = command as? any AsyncParsableCommand {
          try await command.run()
        } else {
          try command.run()
        }
      } catch {
        exit(withError: error)
      }
    }
    exit()
  }
}

/// The version of this program.
enum TendVersion {
  static let current = "0.1.0"
  /// Of the manual page.
  static let date = "November 23, 2026"
}
