import Tend
import TendAgent
import TendEngine

/// Lists units or resources, and then those that change.
struct Watcher {
  let session: Session
  var watch: Watch
  let unit: String?
  let resource: String?
  let isAboutUnits: Bool
  let output: OutputOption

  /// Ends where nobody reads any more.
  mutating func run() async throws -> ExitStatus {
    try await watch.begin()
    return isAboutUnits ? try await runUnits() : try await runResources()
  }

  private mutating func runUnits() async throws -> ExitStatus {
    let text = UnitText(style: session.console.style)
    var changes = Changes<UnitStatus>()
    while true {
      let all = try await watch.ask(.units, as: ItemList<UnitStatus>.self).items
      let isFirst = changes.isEmpty
      let changed = changes.take(all.filter { unit == nil || $0.name == unit })
      let isRead = try show(changed, isFirst) { text.table($0, isWide: output.isWide) }
      guard isRead else { return .success }
      try await watch.change()
    }
  }

  private mutating func runResources() async throws -> ExitStatus {
    let text = ResourceText(style: session.console.style)
    var changes = Changes<ResourceStatus>()
    while true {
      let request = ControlRequest.resources(unit: unit, resource: resource)
      let all = try await watch.ask(request, as: ItemList<ResourceStatus>.self).items
      let isFirst = changes.isEmpty
      let isRead = try show(changes.take(all), isFirst) { text.table($0, isWide: output.isWide) }
      guard isRead else { return .success }
      try await watch.change()
    }
  }

  /// Rows of a table without its head, except for the first ones.
  private func show<Status: Encodable>(
    _ changes: [Status], _ isFirst: Bool, _ table: ([Status]) -> String
  ) throws -> Bool {
    if changes.isEmpty { return true }
    guard output.format == nil || output.isWide else {
      return try changes.allSatisfy { session.console.out(try output.renderOne($0) { "" }) }
    }
    let text = table(changes)
    return session.console.out(isFirst ? text : String(text.drop { $0 != "\n" }.dropFirst()))
  }
}

/// What can be told apart from how it was when it was last shown.
protocol Shown: Sendable, Hashable {
  /// Names it among the others.
  var key: String { get }
  /// The same without what changes all the time.
  var still: Self { get }
  /// How it is shown once it is gone.
  var gone: Self { get }
}

/// Remembers what was shown, and says what is new: a pure decision.
struct Changes<Status: Shown> {
  private var shown: [String: Status] = [:]
  private var order: [String] = []

  /// Whether nothing was shown yet.
  var isEmpty: Bool { order.isEmpty }

  /// Those that are new or different, in their order, and last those that are gone.
  mutating func take(_ all: [Status]) -> [Status] {
    let changed = all.filter { shown[$0.key] != $0.still }
    let keys = Set(all.map(\.key))
    let gone = order.filter { !keys.contains($0) }.compactMap { shown[$0]?.gone }
    shown = Dictionary(all.map { ($0.key, $0.still) }, uniquingKeysWith: { first, _ in first })
    order = all.map(\.key)
    return changed + gone
  }
}

extension UnitStatus: Shown {
  var key: String { name }

  var still: UnitStatus {
    var still = self
    (still.lastRefresh, still.nextRefresh) = (nil, nil)
    return still
  }

  var gone: UnitStatus {
    var gone = self
    gone.conditions = .gone
    return gone
  }
}

extension ResourceStatus: Shown {
  var key: String { "\(unit) \(apiVersion) \(reference) \(identity)" }

  var still: ResourceStatus {
    var still = self
    still.nextReconcile = nil
    still.failures = 0
    return still
  }

  var gone: ResourceStatus {
    var gone = self
    gone.conditions = .gone
    return gone
  }
}

extension [Condition] {
  fileprivate static var gone: [Condition] {
    Condition.Kind.allCases.map { Condition($0, .unknown, reason: "Gone") }
  }
}
