public import Tend

/// Keeps what must outlive the engine: inventory, units, revisions, events.
///
/// Acknowledged means durable: when `commit` returns, its writes survive SIGKILL and power loss. A
/// store has one writer, which holds a kernel lock that dies with it; readers may be many.
public protocol Store: Sendable {
  /// Everything that the engine needs to start. Called once, before any commit.
  func load() async throws(StoreError) -> StoreContents

  /// Carries out these writes together or not at all, durable when it returns.
  ///
  /// Called from many tasks at once; a store groups what arrives together. A failure leaves the
  /// store as it was, and may be tried again. Cancellation does not stop a commit: what was handed
  /// in is either kept or reported as failed.
  func commit(_ writes: [StoreWrite]) async throws(StoreError)

  /// Events, newest first unless the query wants it otherwise.
  ///
  /// Numbers are given without a gap; who is at one and finds the oldest above the next has missed
  /// what was between.
  func events(_ query: EventQuery) async throws(StoreError) -> [Event]

  /// Revisions that a unit took in, newest first.
  ///
  /// One that is put again with the same `seenAt` keeps its place.
  func revisions(of unit: String, limit: Int) async throws(StoreError) -> [RevisionRecord]

  /// A digest keyed with the store's own key, so that what is kept can't be guessed back.
  func digest(of bytes: [UInt8]) -> String
}

/// All that was kept, as the engine needs it to start.
public struct StoreContents: Sendable {
  /// What is owned, by whom, and how to find it.
  public var inventory: [InventoryRecord]
  /// What is known of the units.
  public var units: [UnitRecord]
  /// What was last said of them and of their resources.
  public var lastSeen: [LastSeen]

  /// What was kept.
  public init(
    inventory: [InventoryRecord] = [], units: [UnitRecord] = [], lastSeen: [LastSeen] = []
  ) {
    self.inventory = inventory
    self.units = units
    self.lastSeen = lastSeen
  }
}

/// One thing to be written.
public enum StoreWrite: Sendable {
  /// Keep or replace what is known of an owned resource.
  ///
  /// A record without memory leaves the memory that is stored as it is.
  case putInventory(InventoryRecord)
  /// The resource is owned from now on, and this is what its provider must still know.
  ///
  /// Without effect where the resource has no record.
  case putMemory(InventoryKey, Value?)
  /// It is no longer owned, and nothing was last said of it.
  case removeInventory(InventoryKey)
  /// It goes on under another identity, with its memory.
  ///
  /// Without effect where there is no record, or where the other identity has one.
  case moveInventory(from: InventoryKey, to: InventoryKey)
  /// Keep or replace what is known of a unit.
  case putUnit(UnitRecord)
  /// The unit is gone, and nothing was last said of it.
  case removeUnit(String)
  /// Keep or replace what was last said of something.
  case putLastSeen(LastSeen)
  /// Nothing was last said of it.
  case removeLastSeen(LastSeen.Subject)
  /// Something happened. The store gives it the next number.
  case addEvent(Event)
  /// A unit took in a revision, or learned more about one; keyed by unit and revision id.
  case putRevision(RevisionRecord)
}

/// Why the store can't do what was asked.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What sort of failure.
  public enum Code: String, Sendable, Hashable {
    /// Another process writes to it.
    case locked
    /// The disk is full, or a quota is.
    case full
    /// It can't be read or written for lack of a right.
    case notPermitted
    /// It is damaged.
    case corrupt
    /// It was written by a newer version.
    case newer
    /// It is open for reading only.
    case readOnly
    /// There is none yet.
    case missing
    /// A record holds what no store takes: a memory above its limit, a NUL in a name.
    case refused
    /// Too many writes wait; the same may be tried again.
    case busy
    /// Reading or writing failed for another reason.
    case inputOutput
  }

  /// What sort of failure.
  public let code: Code
  /// What failed; names the file.
  public let message: String
  /// What a person can do about it.
  public let remedy: String?

  /// Says what failed and what to do.
  public init(_ code: Code, _ message: String, remedy: String? = nil) {
    self.code = code
    self.message = message
    self.remedy = remedy
  }

  /// One line: what failed, and what to do.
  public var description: String { message + (remedy.map { "; \($0)" } ?? "") }
}
