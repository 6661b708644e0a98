import ArgumentParser
import TendAgent
import TendEngine

/// `tend diff`
struct Diff: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Compares what is in force with what is there, now.",
    discussion: """
      Asks the running agent to look at the world; changes nothing. To compare manifests that are \
      not in force, use tend plan.

        tend diff
        tend diff File/motd --detailed-exitcode
      """)

  @Argument(help: "A kind, or KIND/NAME; everything where it is left out.")
  var what: String?
  @OptionGroup var unit: UnitOption
  @Flag(name: .customLong("detailed-exitcode"), help: "Exit with 2 where anything differs.")
  var isDetailed = false
  @OptionGroup var output: OutputOption
  @OptionGroup var state: StateOptions

  func perform(in session: Session) async throws -> ExitStatus {
    try await session.reading(state) { access in
      let request = ControlRequest.diff(unit: unit.unit, resource: what)
      let documents = try await access.ask(request, as: ItemList<PlanDocument>.self)
      let plans = documents.items.map(\.plan)
      session.console.out(
        try output.render(documents) {
          let text = PlanText(style: session.console.style)
          return plans.map { plan in
            (plans.count > 1 ? "Unit \(plan.unit)\n\n" : "") + text.render(plan)
          }.joined(separator: "\n")
        })
      if plans.contains(where: { !$0.errors.isEmpty }) { return .failure }
      return isDetailed && plans.contains { !$0.isEmpty } ? .different : .success
    }
  }
}
