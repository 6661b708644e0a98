/// Something that is looked at on its interval alone, since nothing tells when it changes.
public struct Polling: Sendable, Hashable, Codable {
  /// What: `files`, `the source of unit web`.
  public var subject: String
  /// Why it can't be watched, and what can be done.
  public var reason: String

  /// Describes it.
  public init(_ subject: String, because reason: String) {
    self.subject = subject
    self.reason = reason
  }
}

extension Engine {
  /// What is only polled now, providers first; empty where everything that can be watched is.
  ///
  /// Nothing is lost by it: a repair, or a revision, comes an interval later.
  public var polled: [Polling] {
    let resources = stagingProviders.compactMap { controller in
      controller.whyPolled.map { Polling(controller.name, because: $0) }
    }
    let sources = core.following.all.compactMap { followed in
      (followed.source as? any WatchedSource)?.whyPolled.map {
        Polling("the source of unit \(followed.unit.name)", because: $0)
      }
    }
    return resources + sources
  }
}
