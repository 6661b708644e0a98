import Tend

/// A resource during whose reconcile the process dies again and again is left alone, so that all
/// others go on.
extension Controller {
  /// As many deaths as make one.
  static var deadly: Int { 3 }

  /// What is noted of a resource while a worker is at it; nil where nothing is.
  func mark(_ node: Node) -> InventoryKey? {
    guard core.marks != nil else { return nil }
    return InventoryKey(provider: name, identity: core.world.withLock { $0[node].identity })
  }

  /// Notes it, for as long as the body runs.
  func marking<Answer>(
    _ key: InventoryKey?, _ site: CallSite, _ body: () async -> Answer
  ) async -> Answer {
    if let key { core.marks?.begin(key, worker: site.place) }
    defer { if key != nil { core.marks?.end(worker: site.place) } }
    return await body()
  }

  /// Why a resource is not touched any more; nil for nearly all.
  func poison(
    _ key: InventoryKey?, _ declaration: Declaration?, causes: Scheduler.Causes = []
  ) -> String? {
    guard let key, let marks = core.marks, marks.hasDeaths else { return nil }
    if causes.contains(.request) { marks.pardon(key) }
    let deaths = marks.deaths(during: key, declared: declaration?.spec.json ?? "")
    guard deaths >= Self.deadly else { return nil }
    return "the agent died \(deaths) times during its reconcile, so it is left alone; change its "
      + "declaration, or try once more with tend reconcile"
  }
}
