import ArgumentParser
import TendAgent
import TendEngine

/// The verb `tend history`.
struct History: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Lists the revisions that a unit took in, newest first.",
    discussion: """
      When each was first seen, what became of it, how many resources it changed, and by whom it \
      came.
      """)

  @OptionGroup var unit: UnitOption
  @Option(help: "At most this many.")
  var limit = 20
  @OptionGroup var output: OutputOption
  @OptionGroup var state: StateOptions

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
  }

  func perform(in session: Session) async throws -> ExitStatus {
    try await session.reading(state) { access in
      let name = try await access.unit(named: unit.unit)
      let records = try await access.ask(
        .revisions(unit: name, limit: limit), as: ItemList<RevisionRecord>.self)
      session.console.out(
        try output.render(records) {
          HistoryText(style: session.console.style).table(records.items, isWide: output.isWide)
        })
      return .success
    }
  }
}
