import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// The verb `tend status`.
struct Status: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Says whether all units are Ready.",
    discussion: """
      Exit status: 0 where every unit is Ready, 1 where one is not, 2 where no agent runs; then \
      what is shown is what the last one knew.
      """)

  @OptionGroup var unit: UnitOption
  @OptionGroup var output: OutputOption
  @OptionGroup var state: StateOptions

  func perform(in session: Session) async throws -> ExitStatus {
    do {
      return try await session.reading(state) { access in
        let units = try await access.units().filter { unit.unit == nil || $0.name == unit.unit }
        if let name = unit.unit, units.isEmpty { _ = try await access.unit(named: name) }
        let text = UnitText(style: session.console.style)
        session.console.out(
          try output.render(ItemList(units)) {
            output.isWide ? text.table(units, isWide: true) : text.paragraphs(units)
          })
        guard access.isAgent else {
          session.console.error(noAgent)
          return .different
        }
        let isReady = units.allSatisfy { $0.condition(.ready)?.status == .yes }
        return isReady ? .success : .failure
      }
    } catch let failure as Failure where failure.code == ControlClient.absent {
      session.console.error(
        DiagnosticText(style: session.console.errorStyle).render(failure))
      return .different
    }
  }

  private var noAgent: String {
    "note: no agent runs on \(state.directory.path); this is what the last one knew\n"
  }
}
