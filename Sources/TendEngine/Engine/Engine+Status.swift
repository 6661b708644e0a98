import Synchronization
import Tend

extension Engine {
  /// Where every unit stands, in the order of their names.
  public func units() -> [UnitStatus] {
    core.heedBrake()
    let now = core.time.monotonic()
    return core.world.withLock { world in
      world.units.indices.filter { !world.units[$0].isGone }.map {
        world.status(ofUnit: $0, now: now)
      }
    }.sorted { $0.name < $1.name }
  }

  /// Where the selected resources stand, in the order of units, kinds and names.
  public func resources(_ selection: Selection = Selection()) -> [ResourceStatus] {
    core.heedBrake()
    let found = select(selection)
    let statuses = core.world.withLock { world in
      let unsettled = world.unsettled()
      return found.filter { world[$0].isResource }.map { node in
        let entry = world[node]
        let status = world.status(of: node, unsettled: unsettled[Int(entry.unit)])
        return (status, entry.handle, Int(node.controller))
      }
    }
    return statuses.map { status, handle, controller in
      var status = status
      status.nextReconcile = core.scheduler.status(of: handle)?.due
      for detail in stagingProviders[controller].details(of: status.identity) {
        status.details[detail.name] =
          if case .string(let text) = detail.value { text } else { detail.value.json }
      }
      return status
    }.sorted {
      ($0.unit, $0.apiVersion, $0.kind, $0.name) < ($1.unit, $1.apiVersion, $1.kind, $1.name)
    }
  }

  func select(_ selection: Selection) -> [Node] {
    core.world.withLock { world in
      world.units.indices.flatMap { world.nodes(of: $0) }.filter { node in
        guard let reference = world[node].reference else { return false }
        return selection.matches(unit: world.units[Int(world[node].unit)].unit.name, reference)
      }
    }
  }

  /// Desired against actual, now, of what is in force; a plan for each unit that is concerned.
  ///
  /// Call it while the engine runs. Changes nothing.
  public func diff(_ selection: Selection = Selection()) async throws(EngineError) -> [Plan] {
    let nodes = select(selection).sorted()
    let declared = core.world.withLock { world in nodes.filter { world[$0].isDeclared } }
    guard !declared.isEmpty else { return [] }
    let inspection = Inspection(count: declared.count)
    for controller in stagingProviders {
      let own = declared.filter { $0.controller == Int32(controller.index) }.map(\.slot)
      if !own.isEmpty { controller.inspect(inForce: own, into: inspection) }
    }
    let seen = await inspection.wait()
    if Task.isCancelled { throw EngineError(.cancelled, "cancelled") }
    return core.world.withLock { $0.differences(of: declared, seen) }
  }

  /// Reconciles the selected resources now.
  ///
  /// Throws `.suspended` where what is selected by name is to be left alone.
  public func reconcile(_ selection: Selection = Selection()) throws(EngineError) {
    let nodes = select(selection)
    guard !nodes.isEmpty else { throw notFound(selection) }
    if selection.resource == nil {
      try refuseSuspended(selection.unit ?? "")
    } else {
      for node in nodes { try refuseSuspended(node) }
    }
    let handles = core.world.withLock { world in nodes.map { world[$0].handle } }
    core.scheduler.add(all: handles, priority: .revision, causes: .request)
  }

  func notFound(_ selection: Selection) -> EngineError {
    let name = selection.resource ?? selection.unit ?? "anything"
    let known = resources().map(\.reference)
    return EngineError(
      .notFound, "there is no \(name)",
      remedy: nearest(to: name, among: known).map { "did you mean \($0)?" }
        ?? "`tend get` lists what there is")
  }

  /// Events, newest first; what has just happened is included.
  public func events(_ query: EventQuery = EventQuery()) async throws(EngineError) -> [Event] {
    do throws(StoreError) {
      await core.ledger.settle()
      return try await core.store.events(query)
    } catch {
      throw EngineError(error)
    }
  }

  /// Revisions that a unit took in or refused, newest first.
  public func revisions(
    of unit: String, limit: Int = 100
  ) async throws(EngineError) -> [RevisionRecord] {
    do throws(StoreError) {
      await core.ledger.settle()
      return try await core.store.revisions(of: unit, limit: limit)
    } catch {
      throw EngineError(error)
    }
  }
}
