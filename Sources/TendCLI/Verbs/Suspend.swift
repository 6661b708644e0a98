import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// The verb `tend suspend`.
struct Suspend: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Leaves a unit, a resource or everything alone for a while.",
    discussion: """
      Nothing of it is observed or changed, and a suspended unit takes in no revision. What has \
      begun is finished before the command returns. It holds over restarts, until tend resume or \
      the time that --until names.

        tend suspend base --reason "incident 12" --until 2h
        tend suspend File/motd
        tend suspend --all              also where no agent answers: by a file in its state
      """)

  @OptionGroup var target: SuspensionTarget
  @Option(help: ArgumentHelp("Why; tend status shows it.", valueName: "text"))
  var reason: String?
  @Option(
    help: ArgumentHelp(
      "When it ends by itself: in 2h, or at 2026-11-23T18:00:00Z.", valueName: "time"))
  var until: MomentArgument?
  @OptionGroup var state: StateOptions

  func validate() throws {
    if let reason, reason.utf8.count > Suspension.noteLimit {
      throw ValidationError("--reason must have at most \(Suspension.noteLimit) bytes")
    }
  }

  func perform(in session: Session) async throws -> ExitStatus {
    if target.all { return try await suspendAll(session) }
    try await session.changing(state) { access in
      let target = try await access.target(target.what ?? "", unit: target.unit.unit)
      let suspension = try await access.ask(
        .suspend(
          unit: target.unit, resource: target.resource, note: reason,
          until: until?.moment, by: User.current), as: Suspension.self)
      let rest =
        if case .unit = target {
          "nothing of it is observed, changed or taken in"
        } else {
          "it is neither observed nor changed"
        }
      session.console.out(
        "Suspended \(target.name)\(Self.end(of: suspension)): \(rest).\n"
          + "To go on: tend resume \(target.argument)\n")
    }
    return .success
  }

  private func suspendAll(_ session: Session) async throws -> ExitStatus {
    let suspension = Suspension(
      note: reason, by: User.current, since: .wallClock, until: until?.moment)
    // First: whatever becomes of an agent that does not answer, it is heard.
    try Brake(of: state.directory).pull(suspension)
    let isHeard = try await target.heed(state)
    session.console.out(
      "Suspended everything\(Self.end(of: suspension)): nothing is observed, changed or taken in."
        + (isHeard ? "" : " No agent runs; one that starts keeps to it.")
        + "\nTo go on: tend resume --all\n")
    return .success
  }

  private static func end(of suspension: Suspension) -> String {
    suspension.until.map { " until \($0)" } ?? ""
  }
}

/// What `tend suspend` and `tend resume` are about.
struct SuspensionTarget: ParsableArguments {
  @Argument(help: "A unit or KIND/NAME.")
  var what: String?
  @Flag(help: "Everything, whatever the unit.")
  var all = false
  @OptionGroup var unit: UnitOption

  func validate() throws {
    guard (what == nil) == all, what?.isEmpty != true else {
      throw ValidationError("Name a unit or KIND/NAME, or give --all.")
    }
  }

  /// Has the agent look whether everything is suspended; false where none runs.
  func heed(_ state: StateOptions) async throws -> Bool {
    let client = ControlClient(stateDirectory: state.directory.path)
    guard try await client.agent() != nil else { return false }
    _ = try await client.ask(.heedBrake, as: Value.self)
    return true
  }
}

/// A moment to come: a time from now, or RFC 3339.
struct MomentArgument: ExpressibleByArgument {
  let moment: Timestamp

  init?(argument: String) { self.init(argument, now: .wallClock) }

  init?(_ text: String, now: Timestamp) {
    if let duration = Duration(text), duration > .zero {
      let (sum, overflow) = now.nanoseconds.addingReportingOverflow(duration.nanoseconds)
      if overflow { return nil }
      moment = Timestamp(nanoseconds: sum)
    } else if let moment = Timestamp(text), moment > now {
      self.moment = moment
    } else {
      return nil
    }
  }
}
