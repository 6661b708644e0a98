import Tend

extension Engine {
  /// A number that changes whenever anything that is shown may have changed.
  ///
  /// Ask for it first, then look; then wait until it is another one, and look again: nothing is
  /// missed. `changed(since:within:)` waits.
  public var version: Int64 { core.pulse.version }

  /// Waits until the version is another one, for at most this long; answers what it is then.
  ///
  /// Cancellation ends it early.
  public func changed(since version: Int64, within limit: Duration) async -> Int64 {
    await withTaskGroup { group in
      group.addTask { await self.core.pulse.wait(while: version) }
      group.addTask { try? await self.core.time.sleep(limit) }
      await group.next()
      group.cancelAll()
    }
    return self.version
  }

  /// Events that came after one, oldest first, without a gap and without one twice.
  ///
  /// The answer says where the next page begins, also where the selection left everything out.
  /// Throws `.gone` where events that came after it are no longer kept, and where the store never
  /// came that far: then list anew and go on from there.
  public func events(
    after number: Int64, unit: String? = nil, resource: String? = nil, limit: Int = 1000
  ) async throws(EngineError) -> EventPage {
    let newest = try await events(EventQuery(limit: 1)).first?.number ?? 0
    var query = EventQuery(unit: unit, resource: resource, after: number, limit: limit)
    query.isOldestFirst = true
    let page = try await events(query)
    // Asked last: what was swept away meanwhile is noticed.
    var first = EventQuery(limit: 1)
    first.isOldestFirst = true
    let oldest = try await events(first).first?.number ?? newest &+ 1
    guard number >= oldest &- 1, number <= newest else {
      throw EngineError(
        .gone, "the events that came after number \(number) are no longer kept",
        remedy: "list them anew, and go on from the newest")
    }
    let isWhole = page.count < max(0, limit)
    return EventPage(
      events: page,
      next: isWhole ? max(newest, page.last?.number ?? number) : page.last?.number ?? number)
  }
}
