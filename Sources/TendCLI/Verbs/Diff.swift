import ArgumentParser
import TendAgent
import TendEngine

/// The verb `tend diff`.
struct Diff: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Compares what is in force with what is there, now.",
    discussion: """
      Looks at the world and changes nothing; without an agent, what is in force is read again \
      where it came from, and also with --show-private, since what others can't read is sent \
      nowhere. To compare manifests that are not in force, use tend plan.

        tend diff
        tend diff File/motd --detailed-exitcode
      """)

  @Argument(
    help: "A kind, or KIND/NAME; everything where it is left out.", completion: .resources)
  var what: String?
  @OptionGroup var unit: UnitOption
  @Flag(name: .customLong("detailed-exitcode"), help: "Exit with 2 where anything differs.")
  var isDetailed = false
  @OptionGroup var secrecy: PrivateOption
  @OptionGroup var output: OutputOption
  @OptionGroup var state: StateOptions

  func perform(in session: Session) async throws -> ExitStatus {
    try await session.reading(state) { access in
      let plans = try await plans(access, session)
      let documents = ItemList(plans.map(PlanDocument.init))
      session.console.out(
        try output.render(documents) {
          let text = PlanText(
            style: session.console.style, showsPrivate: secrecy.showsPrivate)
          return plans.map { plan in
            (plans.count > 1 ? "Unit \(plan.unit)\n\n" : "") + text.render(plan)
          }.joined(separator: "\n")
        })
      if plans.contains(where: { !$0.errors.isEmpty }) { return .failure }
      return isDetailed && plans.contains { !$0.isEmpty } ? .different : .success
    }
  }

  private func plans(_ access: Access, _ session: Session) async throws -> [Plan] {
    // What others can't read is sent nowhere: with it this process looks by itself.
    if access.isAgent, !secrecy.showsPrivate {
      let request = ControlRequest.diff(unit: unit.unit, resource: what)
      return try await access.ask(request, as: ItemList<PlanDocument>.self).items.map(\.plan)
    }
    if let name = unit.unit { _ = try await access.unit(named: name) }
    let name = unit.unit
    var plans: [Plan] = []
    for unit in try await access.units() where name == nil || unit.name == name {
      let plan = try await StoreDiff(
        session, state.directory, showsPrivate: secrecy.showsPrivate
      ).plan(of: unit)
      plans.append(what.map(plan.only) ?? plan)
    }
    return plans
  }
}
