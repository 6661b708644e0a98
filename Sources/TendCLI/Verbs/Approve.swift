import ArgumentParser
import TendAgent
import TendEngine

/// The verb `tend approve`.
struct Approve: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Lets one refused plan pass, once.",
    discussion: """
      A revision that would delete more than the deletion budget allows is refused; tend status \
      says so, and names it. Exactly the plan that was refused may then pass: if the world has \
      changed so that it would do something else, it is refused again.

        tend approve web 4f2a9c0
      """)

  @Argument(help: "The unit.", completion: .units)
  var unit: String
  @Argument(help: "The refused revision, by at least 7 characters of its id.")
  var revision: String
  @OptionGroup var state: StateOptions

  func perform(in session: Session) async throws -> ExitStatus {
    try await session.changing(state) { access in
      let digest = try await access.ask(
        .approve(unit: unit, revision: revision), as: String.self)
      session.console.out(
        "Approved: the plan \(digest.prefix(16)) of unit \(unit) may pass once.\n")
      return .success
    }
  }
}
