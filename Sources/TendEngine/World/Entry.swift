import Tend

/// Which resource, over all controllers: a controller and a slot in it.
struct Node: Sendable, Hashable, Comparable {
  let controller: Int32
  let slot: UInt32

  /// Stands for no resource.
  static let nowhere = Node(controller: -1, slot: 0)

  init(controller: Int, slot: UInt32) {
    self.controller = Int32(truncatingIfNeeded: controller)
    self.slot = slot
  }

  static func < (left: Node, right: Node) -> Bool {
    (left.controller, left.slot) < (right.controller, right.slot)
  }
}

/// What the engine knows of one resource besides its typed row.
struct Entry: Sendable {
  /// Its identity as text.
  let identity: String

  /// Where it stands.
  enum Phase: UInt8, Sendable {
    /// No resource uses the slot.
    case free
    /// Made for a plan that was not accepted yet.
    case tentative
    /// Known from the store, and no revision that declares or withdraws it was read yet.
    case dormant
    /// Not yet as its newest desired state wants it.
    case unsettled
    /// As its newest desired state wants it, and works.
    case settled
    /// Failed; a retry is due.
    case failing
    /// Failed in a way that a retry does not help.
    case stalled
    /// No longer declared: to be deleted, orphaned or released.
    case doomed
    /// No longer declared, and kept because it is protected.
    case protected
    /// Nobody needs it any more; its next run frees the slot.
    case leaving
  }

  struct Flags: OptionSet, Sendable {
    let rawValue: UInt16
    /// Somebody it waits for will wake it.
    static let blocked = Flags(rawValue: 1)
    /// Known to exist.
    static let exists = Flags(rawValue: 2)
    /// It may be deleted or replaced: an accepted plan showed it.
    static let permitted = Flags(rawValue: 4)
    /// The accepted plan could not see what it is.
    static let unknown = Flags(rawValue: 8)
    /// A settled resource that differs, in observe mode.
    static let differs = Flags(rawValue: 16)
    /// It was settled once.
    static let wasSettled = Flags(rawValue: 32)
    /// What is stored of it can't be read.
    static let unreadable = Flags(rawValue: 64)
    /// Neither observed nor changed.
    static let suspended = Flags(rawValue: 128)
    /// The plan that is being carried out expects that nothing is changed.
    static let expectsNothing = Flags(rawValue: 256)
    /// The store keeps what was last said of it.
    static let noted = Flags(rawValue: 512)
  }

  var handle: Scheduler.Handle
  var phase = Phase.free
  var flags: Flags = []
  var ownership = Verdict.Ownership.none
  /// Position of its unit in the world's table.
  var unit: UInt16 = 0
  /// How many plans hold it: its slot is not given to anybody else meanwhile.
  var pins: UInt16 = 0
  /// Grows whenever its desired state changes.
  var wanted: UInt32 = 0
  /// What is declared; after a restart, or once it is withdrawn, what is stored of it.
  var origin: Origin
  var dependencies: Neighbours = []
  var dependents: [Node] = []
  /// When it was last changed by us, in nanoseconds since 1970; 0: never.
  var lastChange: Int64 = 0
  /// When what is said of it last changed, in nanoseconds since 1970; 0: not yet.
  var transition: Int64 = 0
  /// What most resources do not need; a box, so that it costs 8 bytes where it is nil.
  private var box: Box<Extra>?

  init(identity: String, handle: Scheduler.Handle, origin: Origin = .none) {
    self.identity = identity
    self.handle = handle
    self.origin = origin
  }

  /// What a plan that is being carried out expects of it; nil where there is none.
  var expectation: Extra.Expectation? {
    flags.contains(.expectsNothing)
      ? Extra.Expectation(action: nil, fields: []) : box?.value.expectation
  }

  var extra: Extra? {
    get { box?.value }
    set { box = newValue.map(Box.init) }
  }

  /// Where it was declared.
  enum Origin: Sendable {
    case none
    /// By the revision that its unit has in force, or by an earlier one.
    case declared(Declaration, revision: RevisionName?)
    /// Apart, since few resources have it and it is large.
    indirect case stored(InventoryRecord)
  }

  var reference: Reference? {
    switch origin {
    case .none: nil
    case .declared(let declaration, _): declaration.reference
    case .stored(let record): record.reference
    }
  }

  var lifecycle: Lifecycle {
    switch origin {
    case .none: Lifecycle()
    case .declared(let declaration, _): declaration.lifecycle
    case .stored(let record): record.lifecycle
    }
  }

  var place: Place {
    switch origin {
    case .none: Place(file: "-", line: 1, column: 1)
    case .declared(let declaration, _): declaration.place
    case .stored(let record): record.place
    }
  }

  var declaration: Declaration? {
    if case .declared(let declaration, _) = origin { declaration } else { nil }
  }

  /// Whether the unit's accepted revision declares it.
  var isDeclared: Bool {
    switch phase {
    case .unsettled, .settled, .failing, .stalled: true
    case .free, .tentative, .dormant, .doomed, .protected, .leaving: false
    }
  }

  /// Whether it is a resource of its unit, and not only a place that a plan holds.
  var isResource: Bool {
    switch phase {
    case .free, .tentative, .leaving: false
    case .dormant, .unsettled, .settled, .failing, .stalled, .doomed, .protected: true
    }
  }

  /// Whether the store already has this record, whatever the memory.
  func isStored(as record: InventoryRecord) -> Bool {
    guard phase == .dormant, case .stored(var stored) = origin else { return false }
    (stored.memory, stored.unreadableMemory) = (record.memory, record.unreadableMemory)
    return stored == record
  }

  /// Whether it counts as part of the inventory.
  var isOwned: Bool { ownership != .none && isResource }
}

/// A revision's id, shared by all that it declares.
final class RevisionName: Sendable {
  let id: String
  init(_ id: String) { self.id = id }
}

/// What is known of a resource that is not simply fine.
struct Extra: Sendable, Hashable {
  var ledger = DriftLedger()
  /// Why it is not Ready, as a condition's reason and message.
  var reason: String?
  var message = ""
  /// The differences that were found last.
  var differences: [Difference] = []
  /// Differences that our own write left behind.
  var readBack: [Difference] = []
  /// Whether a second write left the same behind: they are reported, and not written again.
  var isStuck = false
  /// Conflicts and transient failures in a row.
  var failures = 0
  /// What a plan that is being carried out expects, where that is a change; a different verdict
  /// stops.
  var expectation: Expectation?
  var details: [Detail] = []
  /// When it was first seen to differ, where that was not repaired at once.
  var driftedAt: Timestamp?

  struct Expectation: Sendable, Hashable {
    var action: PlannedChange.Action?
    var fields: [String]
    /// Whether the step was begun: a retry finds what is left of it.
    var isBegun = false

    init(action: PlannedChange.Action?, fields: [String]) {
      self.action = action
      self.fields = fields
    }

    /// Nothing is expected of what the plan could not see.
    init?(_ change: PlannedChange) {
      if change.action == .unknown { return nil }
      self.init(action: change.action, fields: change.differences.map(\.difference.path))
    }

    func allows(_ action: PlannedChange.Action, _ fields: [String]) -> Bool {
      if self.action == action, self.fields == fields { return true }
      guard isBegun else { return false }
      switch (self.action, action) {
      case (.replace, .create): return true
      case (.replace, .replace), (.create, .update), (.update, .update), (.replace, .update):
        return fields.allSatisfy(self.fields.contains)
      default: return false
      }
    }

    var words: String { action.map { "\($0.rawValue) it" } ?? "change nothing" }
  }
}

private final class Box<Value: Sendable>: Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

/// What decides the answers of an entry's conditions.
struct Standing: Hashable {
  private let phase: Entry.Phase
  private let differs: Bool
  private let reason: String?

  init(_ entry: Entry) {
    phase = entry.phase
    differs = entry.flags.contains(.differs)
    reason = entry.extra?.reason
  }
}
