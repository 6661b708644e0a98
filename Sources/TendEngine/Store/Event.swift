public import Tend

/// Something that happened: what changed, why, and how it ended.
///
/// It never holds content.
public struct Event: Sendable, Hashable, Codable {
  /// Its number; grows, and is given by the store.
  public var number: Int64
  /// When.
  public var time: Timestamp
  /// In which unit.
  public var unit: String
  /// To which resource, as `Kind/name`; nil where it concerns the unit.
  public var resource: String?
  /// What happened.
  public var kind: Kind
  /// Why it was done.
  public var cause: Cause?
  /// The id of the revision that was in force.
  public var revision: String?
  /// The paths of the fields that differed; no values.
  public var fields: [String]
  /// How it ended: `done`, or the code of the error.
  public var result: String
  /// How long it took.
  public var duration: Duration?
  /// For people, in a line.
  ///
  /// Never a secret.
  public var message: String

  /// What happened.
  public struct Kind: Sendable, Hashable, Codable, CustomStringConvertible {
    /// A fixed label.
    public let description: String

    /// A kind of event of somebody's own.
    public init(_ description: String) { self.description = description }

    /// Encoded as its label.
    public init(from decoder: any Decoder) throws { description = try String(from: decoder) }
    /// Encoded as its label.
    public func encode(to encoder: any Encoder) throws { try description.encode(to: encoder) }

    /// A resource was made.
    public static let create = Kind("create")
    /// Fields of a resource were changed.
    public static let update = Kind("update")
    /// A resource was removed and made anew.
    public static let replace = Kind("replace")
    /// A resource was removed.
    public static let delete = Kind("delete")
    /// Ownership ended; the resource stays.
    public static let orphan = Kind("orphan")
    /// Ownership began; the resource was there.
    public static let adopt = Kind("adopt")
    /// Ownership was given up by hand.
    public static let forget = Kind("forget")
    /// A resource got another name or unit; nothing was touched.
    public static let move = Kind("move")
    /// Drift was seen where nothing may be changed.
    public static let drift = Kind("drift")
    /// A condition of a resource or a unit changed.
    public static let condition = Kind("condition")
    /// A provider had something to say.
    public static let note = Kind("note")
    /// A revision was taken in, refused, converged or superseded.
    public static let revision = Kind("revision")
    /// A refused plan was approved.
    public static let approve = Kind("approve")
    /// An earlier state was brought back.
    public static let restore = Kind("restore")
    /// From now on it is left alone.
    public static let suspend = Kind("suspend")
    /// It is no longer left alone.
    public static let resume = Kind("resume")

    /// Whether the world was changed.
    var isChange: Bool { [.create, .update, .replace, .delete].contains(self) }
  }

  /// Why a change was made.
  public enum Cause: String, Sendable, Hashable, Codable {
    /// A new revision declares it so.
    case revision
    /// The world changed without one.
    case drift
    /// It failed before.
    case retry
    /// Somebody asked for it.
    case request
  }

  /// Describes what happened; the store gives it its number.
  public init(
    time: Timestamp, unit: String, resource: String? = nil, kind: Kind, cause: Cause? = nil,
    revision: String? = nil, fields: [String] = [], result: String = "done",
    duration: Duration? = nil, message: String
  ) {
    number = 0
    self.time = time
    self.unit = unit
    self.resource = resource
    self.kind = kind
    self.cause = cause
    self.revision = revision
    self.fields = fields
    self.result = result
    self.duration = duration
    self.message = message
  }
}

/// Which events are asked for.
public struct EventQuery: Sendable, Hashable {
  /// Only of this unit.
  public var unit: String?
  /// Only of this resource, as `Kind/name`.
  public var resource: String?
  /// Only with a number above this one.
  public var after: Int64?
  /// At most this many.
  ///
  /// Default 100.
  public var limit: Int
  /// Whether the oldest of them come first, and not the newest.
  public var isOldestFirst = false

  /// Asks for events.
  public init(
    unit: String? = nil, resource: String? = nil, after: Int64? = nil, limit: Int = 100
  ) {
    self.unit = unit
    self.resource = resource
    self.after = after
    self.limit = limit
  }
}

/// Some events in their order, and where to go on.
public struct EventPage: Sendable, Hashable, Codable {
  /// Oldest first.
  public var events: [Event]
  /// The number after which the next page begins.
  public var next: Int64

  /// A page of events.
  public init(events: [Event], next: Int64) {
    self.events = events
    self.next = next
  }
}
