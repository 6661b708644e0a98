/// How much history a store keeps.
public struct Retention: Sendable, Hashable {
  /// Events that are always kept, whatever the clock says.
  ///
  /// Default 10,000.
  public var minimumEvents = 10_000
  /// Events that are kept at most.
  ///
  /// Default 100,000: about 20 MB.
  public var maximumEvents = 100_000
  /// Between the two, how old an event may get, counted back from the newest event.
  ///
  /// Default 30 days.
  public var age: Duration = .seconds(30 * 86_400)
  /// Revisions that are kept of each unit.
  ///
  /// Default 1000; never fewer than 100.
  public var revisions = 1000

  /// The defaults.
  public init() {}

  /// With every bound in its order.
  var checked: Retention {
    var checked = self
    checked.minimumEvents = max(1, minimumEvents)
    checked.maximumEvents = max(checked.minimumEvents, maximumEvents)
    checked.revisions = max(100, revisions)
    return checked
  }
}
