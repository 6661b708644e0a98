import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// The verb `tend apply`.
struct Apply: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Plans, asks, and then does exactly that.",
    discussion: """
      Waits until everything is as declared, or nothing more will be done without help. Without a \
      terminal --yes must be given.

      Beside a running agent the change is made by the agent; a unit that the agent follows itself \
      is refused, for it would undo it.

        tend apply -f desired/
        tend apply -f motd.yaml --yes
      """)

  @OptionGroup var manifests: ManifestOptions
  @Flag(name: [.short, .long], help: "Do not ask.")
  var yes = false
  @Option(
    name: .customLong("allow-deletions"),
    help: ArgumentHelp("Let this many deletions pass the budget.", valueName: "n"))
  var allowedDeletions: Int?
  @OptionGroup var secrecy: PrivateOption
  @OptionGroup var output: OutputOption
  @OptionGroup var state: StateOptions
  var placePrefix: String { manifests.input.prefix }

  func validate() throws {
    if let allowedDeletions, allowedDeletions < 0 {
      throw ValidationError("--allow-deletions must not be negative")
    }
  }

  func perform(in session: Session) async throws -> ExitStatus {
    let canAsk = session.console.canAsk && !manifests.input.isStandardInput
    guard yes || canAsk else {
      throw Failure(
        "NotConfirmed", "there is no terminal to ask on",
        remedy: "give --yes to apply without being asked")
    }
    let unit = try manifests.target(allowing: allowedDeletions)
    let client = ControlClient(stateDirectory: state.directory.path)
    let application = Application(
      console: session.console, output: output, prefix: placePrefix, asks: !yes,
      showsPrivate: secrecy.showsPrivate)
    guard let agent = try await client.agent() else {
      return try await apply(unit, application, session)
    }
    guard !agent.units.contains(unit.name) else { throw agent.refusal(of: unit.name) }
    return try await send(unit, to: client, application, session)
  }

  /// With the engine of this process.
  private func apply(
    _ unit: Unit, _ application: Application, _ session: Session
  ) async throws -> ExitStatus {
    let checker = try session.engine(InMemoryStore())
    let snapshot = try await manifests.snapshot(checkedBy: checker, for: unit.name)
    let scope = Scope(manifests)
    let showsPrivate = secrecy.showsPrivate
    return try await session.writing(
      to: state.directory, showingPrivate: showsPrivate
    ) { engine in
      let prepared = try await engine.prepare(snapshot, for: unit, claiming: true)
      var plan = prepared.plan
      try await scope.check(&plan) { unit in
        try await engine.revisions(of: unit, limit: Scope.lookedAt)
      }
      try Self.requireAgent(for: plan, engine)
      guard try await application.accepts(plan) else { return .failure }
      if let configured = manifests.configuration(of: unit) {
        try Origins([configured]).save(in: state.directory)
      }
      let report = try await application.showing(count: plan.changes.count) { progress in
        try await interruptible(interrupted: application.interrupted) {
          try await engine.apply(prepared, by: User.current, progress: progress)
        }
      }
      return try application.end(ReportDocument(report))
    }
  }

  /// What needs somebody who stays is not begun by a command that goes.
  private static func requireAgent(for plan: Plan, _ engine: Engine) throws {
    let kinds = engine.kindsThatNeedAnAgent
    let references = plan.renamed.map(\.reference) + plan.changes.map(\.reference)
    guard let reference = references.first(where: { kinds.contains($0.kind) }) else { return }
    throw Failure(
      "NeedsAgent", "\(reference) needs an agent that stays to look after it",
      remedy: "start tend agent on this state directory; --once --stop-on-exit to try it")
  }

  /// By the running agent.
  private func send(
    _ unit: Unit, to client: ControlClient, _ application: Application, _ session: Session
  ) async throws -> ExitStatus {
    if secrecy.showsPrivate {
      session.console.error(
        "note: what others can't read is not sent by the agent; tend plan --show-private shows it\n"
      )
    }
    let checker = try session.engine(InMemoryStore())
    let desired = try await Shipment(manifests.input).pack(
      for: unit, toApply: true, checkedBy: checker)
    var plan = try await client.ask(.plan(files: desired), as: PlanDocument.self).plan
    try await Scope(manifests).check(&plan) { unit in
      let request = ControlRequest.revisions(unit: unit, limit: Scope.lookedAt)
      return try await client.ask(request, as: ItemList<RevisionRecord>.self).items
    }
    guard try await application.accepts(plan) else { return .failure }
    let digest = plan.digest
    let report = try await application.showing(count: plan.changes.count) { progress in
      try await client.ask(
        .apply(files: desired, digest: digest), as: ReportDocument.self
      ) { progress($0.progress) }
    }
    return try application.end(report)
  }
}
