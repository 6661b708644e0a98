import Logging
import Synchronization
public import Tend

extension Engine {
  /// Kinds whose resources need an agent that stays to look after them.
  public var kindsThatNeedAnAgent: Set<KindName> {
    Set(stagingProviders.filter(\.needsAgent).flatMap { $0.kinds.map(\.name) })
  }

  /// Begins to start the selected resources anew; their names.
  ///
  /// Throws `.notFound` where nothing is selected, or something of it can't be started.
  public func restart(_ selection: Selection) async throws(EngineError) -> [String] {
    let found = places(of: selection)
    guard !found.isEmpty else { throw notFound(selection) }
    var names: [String] = []
    for place in found {
      do throws(ProviderError) {
        guard try await stagingProviders[place.controller].restart(place.identity) else {
          throw ProviderError.permanent("\(place.name) is nothing that could be started anew")
        }
      } catch {
        throw EngineError(.notFound, error.message, remedy: error.remedy)
      }
      names.append(place.name)
    }
    return names
  }

  /// Where lies what the one selected resource printed.
  public func logs(_ selection: Selection) throws(EngineError) -> [LogFolder] {
    let found = places(of: selection)
    guard let place = found.first else { throw notFound(selection) }
    guard found.count == 1 else {
      throw EngineError(
        .ambiguous, "\(found.map(\.name).joined(separator: ", ")) are meant",
        remedy: "name one, with -u UNIT where units share a name")
    }
    guard let logs = stagingProviders[place.controller].logs(of: place.identity) else {
      throw EngineError(.notFound, "nothing is kept of what \(place.name) prints")
    }
    return logs
  }

  /// Ends what providers keep running, in the reverse order of dependencies: those that nothing
  /// depends on any more together.
  ///
  /// For an agent that is to leave nothing behind. Call it when the engine has drained. What can't
  /// be ended is logged, and does not hold up the rest.
  @discardableResult
  public func vacate() async -> Vacated {
    var vacated = Vacated()
    for layer in layers() {
      await withTaskGroup { group in
        for place in layer { group.addTask { (place.name, await self.vacate(place)) } }
        for await (name, wasEnded) in group {
          guard let wasEnded else {
            vacated.left.append(name)
            continue
          }
          if wasEnded { vacated.ended.append(name) }
        }
      }
    }
    vacated.ended.sort()
    vacated.left.sort()
    return vacated
  }

  /// What became of all that was kept running, by name, in the order of names.
  public struct Vacated: Sendable, Hashable {
    /// What was ended.
    public var ended: [String] = []
    /// What goes on, since it can't be ended.
    public var left: [String] = []

    /// Nothing was kept running.
    public init() {}
  }

  /// Whether there was something to end; nil where it can't be ended.
  private func vacate(_ place: Place) async -> Bool? {
    do throws(ProviderError) {
      return try await stagingProviders[place.controller].vacate(place.identity)
    } catch {
      core.logger.warning(
        "it is left running", metadata: ["resource": "\(place.name)", "error": "\(error)"])
      return nil
    }
  }

  private struct Place: Sendable {
    let controller: Int
    let identity: String
    let name: String
  }

  private func places(of selection: Selection) -> [Place] {
    let nodes = select(selection).sorted()
    return core.world.withLock { world in
      nodes.filter { world[$0].isResource }.map { Self.place(of: $0, world) }
    }
  }

  private static func place(of node: Node, _ world: World) -> Place {
    let entry = world[node]
    return Place(
      controller: Int(node.controller), identity: entry.identity,
      name: entry.reference?.description ?? entry.identity)
  }

  /// What needs an agent, each layer after all that depends on it.
  private func layers() -> [[Place]] {
    let nodes = select(Selection()).sorted()
    let needing = Set(stagingProviders.filter(\.needsAgent).map(\.index))
    return core.world.withLock { world in
      var depth: [Node: Int] = [:]
      // A layer is final once no pass moves anything; cycles can't be, as no revision has one.
      var moves = true
      while moves {
        moves = false
        for node in nodes {
          let above = world[node].dependents.map { (depth[$0] ?? 0) + 1 }.max() ?? 0
          if above > depth[node] ?? 0, above <= nodes.count {
            depth[node] = above
            moves = true
          }
        }
      }
      let kept = nodes.filter { needing.contains(Int($0.controller)) && world[$0].isResource }
      let layers = Set(kept.map { depth[$0] ?? 0 }).sorted()
      return layers.map { layer in
        kept.filter { (depth[$0] ?? 0) == layer }.map { Self.place(of: $0, world) }
      }
    }
  }
}
