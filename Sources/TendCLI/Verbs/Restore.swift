import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// The verb `tend restore`.
struct Restore: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Brings back what was replaced or deleted.",
    discussion: """
      Byte for byte, with mode, owner, attributes and time; what is there now is kept first. A \
      resource that is declared is suspended, or it would be changed again at once; what is \
      nobody's stays nobody's. Without a terminal --yes must be given.

        tend restore --list                         all that was kept
        tend restore /etc/motd                      as it was before it was changed last
        tend restore File/motd --at 2h              as it was two hours ago
        tend restore /etc/motd --backup 17 --yes    that one
      """)

  @Argument(help: "A path that begins with / or ., or KIND/NAME.")
  var what: String?
  @Flag(help: "List what was kept, and change nothing.")
  var list = false
  @Option(
    help: ArgumentHelp(
      "As it was then: 2h ago, or at 2026-11-23T18:00:00Z.", valueName: "time"))
  var at: PastArgument?
  @Option(help: ArgumentHelp("The backup with this number.", valueName: "number"))
  var backup: Int64?
  @Flag(name: [.short, .long], help: "Do not ask.")
  var yes = false
  @OptionGroup var unit: UnitOption
  @OptionGroup var output: OutputOption
  @OptionGroup var state: StateOptions

  func validate() throws {
    guard list || what != nil else { throw ValidationError("Name a path or KIND/NAME.") }
    guard at == nil || backup == nil else {
      throw ValidationError("Give --at or --backup, not both.")
    }
  }

  func perform(in session: Session) async throws -> ExitStatus {
    if list { return try await show(session) }
    guard yes || session.console.canAsk else {
      throw Failure(
        "NotConfirmed", "there is no terminal to ask on",
        remedy: "give --yes to restore without being asked")
    }
    return try await session.changing(state) { access in
      let path = try await path(access)
      let records = try await access.ask(.backups(path: path), as: ItemList<BackupRecord>.self)
      let record = try BackupChoice(records.items, of: path ?? "").choose(at?.moment, backup)
      let owner = try await access.resources(unit: nil, resource: nil)
        .first { $0.identity == record.path }
      guard try await isWanted(record, owner, session) else {
        session.console.error("Nothing was changed.\n")
        return .failure
      }
      let restored = try await access.ask(
        .restore(path: record.path, number: record.number, by: User.current),
        as: RestoreDocument.self)
      session.console.out(
        try output.render(restored) { BackupText(style: session.console.style).end(restored) })
      return .success
    }
  }

  private func isWanted(
    _ record: BackupRecord, _ owner: ResourceStatus?, _ session: Session
  ) async throws -> Bool {
    if yes { return true }
    let question = BackupText(style: session.console.errorStyle).question(record, owner)
    return await onThreadOfItsOwn { session.console.confirm(question) }
  }

  private func show(_ session: Session) async throws -> ExitStatus {
    try await session.reading(state) { access in
      let path = try await path(access)
      let records = try await access.ask(.backups(path: path), as: ItemList<BackupRecord>.self)
      session.console.out(
        try output.render(records) {
          BackupText(style: session.console.style).table(records.items, isWide: output.isWide)
        })
      return .success
    }
  }

  /// The path that is meant; nil for all.
  private func path(_ access: Access) async throws -> String? {
    guard let what else { return nil }
    if what.hasPrefix("/") || what.hasPrefix(".") { return StateDirectory(what).path }
    return try await access.resource(what, unit: unit.unit).identity
  }
}

/// A moment that is over: a time ago, or RFC 3339.
struct PastArgument: ExpressibleByArgument {
  let moment: Timestamp

  init?(argument: String) {
    let now = Timestamp.wallClock
    if let duration = Duration(argument) {
      let (past, overflow) = now.nanoseconds.subtractingReportingOverflow(duration.nanoseconds)
      if overflow { return nil }
      moment = Timestamp(nanoseconds: past)
    } else if let moment = Timestamp(argument), moment <= now {
      self.moment = moment
    } else {
      return nil
    }
  }
}
