import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// The verb `tend resume`.
struct Resume: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Goes on with what was suspended.",
    discussion: """
      A unit's source is asked at once, and what differs meanwhile is repaired. Each word of tend \
      suspend is ended by its own: a resource stays suspended while its unit is.

        tend resume base
        tend resume File/motd
        tend resume --all
      """)

  @OptionGroup var target: SuspensionTarget
  @OptionGroup var state: StateOptions

  func perform(in session: Session) async throws -> ExitStatus {
    if target.all { return try await resumeAll(session) }
    try await session.changing(state) { access in
      let target = try await access.target(target.what ?? "", unit: target.unit.unit)
      let request = ControlRequest.resume(
        unit: target.unit, resource: target.resource, by: User.current)
      let ended = try await access.ask(request, as: ItemList<Suspension>.self).items.first
      session.console.out(
        ended.map { "Resumed \(target.name), suspended \("\($0)".printable).\n" }
          ?? "\(target.name.capitalizedFirst) was not suspended.\n")
      for note in try await Self.notes(target, access) { session.console.error("note: \(note)\n") }
    }
    return .success
  }

  private func resumeAll(_ session: Session) async throws -> ExitStatus {
    let wasSuspended = try Brake(of: state.directory).release()
    _ = try await target.heed(state)
    session.console.out(
      wasSuspended ? "Resumed everything.\n" : "Not everything was suspended.\n")
    try await session.reading(state) { access in
      for unit in try await access.units() where unit.suspension != nil {
        session.console.error(
          "note: unit \(unit.name) is suspended by itself; tend resume \(unit.name) ends that\n")
      }
    }
    return .success
  }

  /// What still stands in the way.
  private static func notes(_ target: Access.Target, _ access: Access) async throws -> [String] {
    let unit = try await access.units().first { $0.name == target.unit }
    if let suspension = unit?.suspension {
      return suspension.isOfEverything
        ? ["everything is suspended \(suspension); tend resume --all ends that"]
        : ["unit \(target.unit) is suspended \(suspension); tend resume \(target.unit) ends that"]
    }
    guard case .resource(let resource) = target else { return [] }
    let now = try await access.resources(unit: target.unit, resource: target.resource).first
    guard now?.suspension == nil, now?.condition(.ready)?.reason == "Suspended" else { return [] }
    return ["\(resource.place) declares it so, with lifecycle: {suspend: true}"]
  }
}

extension String {
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
