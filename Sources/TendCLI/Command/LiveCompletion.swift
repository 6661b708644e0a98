import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// What a shell offers for names that only the running agent knows.
///
/// Asked for with every press of a key, so nothing is opened or started for it: without an agent
/// there is nothing to offer.
extension CompletionKind {
  /// The kinds that this command serves.
  static var kinds: CompletionKind {
    .custom { _, _, _ in
      let kinds = try? Session.current.engine(InMemoryStore()).kinds
      return (kinds ?? []).map(\.name.kind).sorted()
    }
  }

  /// Units that the agent knows.
  static var units: CompletionKind {
    .custom { words, _, _ async in await LiveNames(words).units }
  }

  /// Resources that the agent knows, as `Kind/name`.
  static var resources: CompletionKind {
    .custom { words, _, _ async in await LiveNames(words).resources }
  }

  /// Units and resources.
  static var unitsAndResources: CompletionKind {
    .custom { words, _, _ async in
      let names = LiveNames(words)
      return await names.units + names.resources
    }
  }
}

/// The names that an agent knows, for a line that is being typed.
struct LiveNames: Sendable {
  /// More than that nobody reads, and an agent of a hundred thousand would be asked for megabytes.
  private static let limit = 2000

  private let state: StateDirectory
  private let unit: String?

  init(_ words: [String]) {
    state = Self.value(of: ["--state-dir"], in: words).map(StateDirectory.init) ?? .standard()
    unit = Self.value(of: ["-u", "--unit"], in: words)
  }

  /// What stands behind one of these options.
  static func value(of options: [String], in words: [String]) -> String? {
    for (index, word) in words.enumerated() {
      if options.contains(word), words.indices.contains(index + 1) { return words[index + 1] }
      if let option = options.first(where: { word.hasPrefix($0 + "=") }) {
        return String(word.dropFirst(option.utf8.count + 1))
      }
    }
    return nil
  }

  var units: [String] {
    get async {
      let units = try? await client.ask(.units, as: ItemList<UnitStatus>.self)
      return (units?.items ?? []).map(\.name).sorted()
    }
  }

  var resources: [String] {
    get async {
      let units = try? await client.ask(.units, as: ItemList<UnitStatus>.self)
      let count = (units?.items ?? []).reduce(0) { $0 + $1.resources }
      guard (1...Self.limit).contains(count) else { return [] }
      let request = ControlRequest.resources(unit: unit, resource: nil)
      let found = try? await client.ask(request, as: ItemList<ResourceStatus>.self)
      return Set((found?.items ?? []).map(\.reference)).sorted()
    }
  }

  private var client: ControlClient { ControlClient(stateDirectory: state.path) }
}
