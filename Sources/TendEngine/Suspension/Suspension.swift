public import Tend

/// Somebody's word that a resource, a unit or everything is to be left alone for a while.
///
/// What is suspended is neither observed nor changed, and takes in nothing new. The word is kept
/// with the unit, so that it outlives a restart.
public struct Suspension: Sendable, Hashable, Codable, CustomStringConvertible {
  /// Why it is left alone, as the reason of its conditions.
  public enum Reason: String, Sendable, Hashable, Codable {
    /// Somebody asked for that.
    case suspended = "Suspended"
    /// An earlier state was brought back, and is not to be undone.
    case restored = "Restored"
  }

  /// The resource that is left alone; nil: the whole unit, or everything.
  public var resource: InventoryKey?
  /// Whether everything is left alone, whatever the unit.
  public var isOfEverything = false
  /// Why.
  public var reason: Reason
  /// What they said about it; at most 1,000 bytes, in one line.
  public var note: String?
  /// Who asked for it.
  public var by: String
  /// Since when.
  public var since: Timestamp
  /// When it ends by itself, by the wall clock; nil: never.
  public var until: Timestamp?

  /// The longest note, in bytes.
  public static let noteLimit = 1000

  /// Leaves something alone.
  public init(
    _ resource: InventoryKey? = nil, reason: Reason = .suspended, note: String? = nil,
    by: String, since: Timestamp, until: Timestamp? = nil
  ) {
    self.resource = resource
    self.reason = reason
    self.note = note
    self.by = by
    self.since = since
    self.until = until
  }

  /// Whether its time is up.
  public func isOver(at now: Timestamp) -> Bool { until.map { $0 <= now } ?? false }

  /// In a line: by whom, since when, until when, and what they said.
  public var description: String {
    "by \(by) since \(since)" + (until.map { ", until \($0)" } ?? "")
      + (note.map { ": \($0)" } ?? "")
  }
}

extension UnitRecord {
  /// The most resources of one unit that may be suspended each for itself.
  static let suspensionLimit = 1000

  /// What leaves this alone; nil for the resource: the unit as a whole.
  func suspension(of resource: InventoryKey?) -> Suspension? {
    suspensions.first { $0.resource == resource }
  }

  /// What leaves a resource alone, by its own word or the unit's.
  func suspends(_ resource: InventoryKey) -> Suspension? {
    if suspensions.isEmpty { return nil }
    return suspension(of: nil) ?? suspension(of: resource)
  }

  /// Takes the place of what was said of the same before.
  mutating func suspend(_ suspension: Suspension) {
    suspensions.removeAll { $0.resource == suspension.resource }
    suspensions.append(suspension)
  }

  /// The answer is what was ended; nil where nothing was suspended.
  mutating func resume(_ resource: InventoryKey?) -> Suspension? {
    guard let found = suspension(of: resource) else { return nil }
    suspensions.removeAll { $0.resource == resource }
    return found
  }

  /// Ends what is over; the answer is what that was.
  mutating func lapse(at now: Timestamp) -> [Suspension] {
    let over = suspensions.filter { $0.isOver(at: now) }
    if !over.isEmpty { suspensions.removeAll { $0.isOver(at: now) } }
    return over
  }
}
