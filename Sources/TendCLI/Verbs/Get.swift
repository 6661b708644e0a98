import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// The verb `tend get`.
struct Get: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Lists units or resources with their conditions.",
    discussion: """
      Examples:

        tend get                    every resource
        tend get units              the units
        tend get File               the resources of one kind
        tend get File/motd -o yaml  everything about one of them
        tend get --watch            and then each one that changes
      """)

  @Argument(
    help: "units, a kind, or KIND/NAME; everything where it is left out.",
    completion: .resources)
  var what: String?
  @Flag(name: .shortAndLong, help: "Go on, and show what changes.")
  var watch = false
  @OptionGroup var unit: UnitOption
  @OptionGroup var output: OutputOption
  @OptionGroup var state: StateOptions

  private var isAboutUnits: Bool { ["unit", "units"].contains(what?.lowercased()) }

  func perform(in session: Session) async throws -> ExitStatus {
    if watch {
      var watcher = Watcher(
        session: session, watch: Watch(state, session.console), unit: unit.unit,
        resource: isAboutUnits ? nil : what, isAboutUnits: isAboutUnits, output: output
      )
      return try await watcher.run()
    }
    return try await session.reading(state) { access in
      if let unit = unit.unit { _ = try await access.unit(named: unit) }
      if isAboutUnits { return try await listUnits(access, session) }
      let resources = try await access.resources(unit: unit.unit, resource: what)
      if let what, what.contains("/"), resources.isEmpty {
        throw Failure("NotFound", "there is no \(what)", remedy: "tend get lists what there is")
      }
      if let what, resources.isEmpty { try checkKind(what, session) }
      let text = ResourceText(style: session.console.style)
      session.console.out(
        try output.render(ItemList(resources)) {
          text.table(resources, isWide: output.isWide)
        })
      return .success
    }
  }

  /// Throws where nothing is known that a kind could be.
  private func checkKind(_ what: String, _ session: Session) throws {
    let known = Set(try session.engine(InMemoryStore()).kinds.map(\.name.kind)).sorted()
    if known.contains(where: { $0.lowercased() == what.lowercased() }) { return }
    throw Failure(
      "NotFound", "there is no kind \(what)",
      remedy: nearest(to: what, among: known).map { "did you mean \($0)?" }
        ?? "tend explain lists the kinds")
  }

  private func listUnits(_ access: Access, _ session: Session) async throws -> ExitStatus {
    let units = try await access.units().filter { unit.unit == nil || $0.name == unit.unit }
    let text = UnitText(style: session.console.style)
    session.console.out(
      try output.render(ItemList(units)) { text.table(units, isWide: output.isWide) })
    return .success
  }
}
