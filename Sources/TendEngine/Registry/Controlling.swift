public import Tend

/// A provider's controller with its types erased: the only erasure in the engine.
///
/// What runs for each resource stays inside the controller; across this protocol go whole lists.
protocol Controlling: AnyObject, Sendable {
  /// The provider's name: its space of identities.
  var name: String { get }
  /// Position among the controllers.
  var index: Int { get }
  /// Where its resources are queued.
  var lane: Scheduler.Lane { get }
  /// The kinds that it serves by itself.
  var kinds: [KindDescription] { get }
  /// The kinds of its definitions.
  var definitions: [KindDescription] { get }

  /// The kinds that it serves where this is declared.
  func kinds(in snapshot: Snapshot, of unit: Unit) -> [KindDescription]

  /// Begins to stage a revision, with the definitions that it holds.
  func stage(
    definitions: [Declaration], premises: Premises
  ) -> (part: any StagedPart, diagnostics: [Diagnostic])

  /// The slot of an identity, if there is one.
  func slot(of identity: String) -> UInt32?
  /// A slot for what a row of a staged part declares, made where there is none.
  func makeSlot(of row: Int, in part: any StagedPart) throws(SlotError) -> UInt32
  /// A slot for an identity, made where there is none; nil where the text is no identity of its
  /// kind.
  func makeSlot(of identity: String, memory: Value?) throws(SlotError) -> UInt32
  /// The scheduler's handle of a slot.
  func handle(of slot: UInt32) -> Scheduler.Handle
  /// Ends a slot, within its last run; the answer tells those who knew it, outside all locks.
  func free(_ slot: UInt32) -> @Sendable () -> Void

  /// Takes over the desired states of a staged part: they are in force from the next run on.
  func take(_ desired: [(slot: UInt32, row: Int)], from part: any StagedPart)
  /// From the next run on nothing is desired of these slots.
  func withdraw(_ slots: [UInt32])
  /// What an inspection for a plan is to compare with; nil: with nothing, as for a deletion.
  func inspect(
    _ targets: [(slot: UInt32, row: Int?)], from part: (any StagedPart)?,
    into inspection: Inspection)
  /// The same for what is in force.
  func inspect(inForce slots: [UInt32], into inspection: Inspection)

  /// What calls hang in that nobody waits for, and what is said of it.
  var hangingSlots: [(slot: UInt32, message: String)] { get }

  /// Tells a provider that keeps something of its own where it may.
  func reside(below residence: Residence)
  /// What every engine on this host calls a resource; nil where each has its own.
  func hostName(of slot: UInt32) -> String?
  /// Why drift of some of its resources is found by the resync only; nil: all are watched.
  var whyPolled: String? { get }
  /// Whether its resources need an agent that stays.
  var needsAgent: Bool { get }
  /// What its provider shows of a resource right now.
  func details(of identity: String) -> [Detail]
  /// Where lies what a resource printed; nil where its provider keeps no such thing.
  func logs(of identity: String) -> [LogFolder]?
  /// Begins to start a resource anew; false where its provider can't.
  func restart(_ identity: String) async throws(ProviderError) -> Bool
  /// Ends what is kept running for a resource, since the agent ends.
  func vacate(_ identity: String) async throws(ProviderError) -> Bool
  /// Whether a backup of this identity can be brought back.
  func canRestore(_ identity: String) -> Bool
  /// Brings a backup back, where the provider's calls run.
  func restore(_ backup: Backup, to identity: String) async throws(ProviderError)

  /// Runs the workers, the supervisor and the watch until the scheduler shuts down.
  func run() async
}

/// Why an identity has no slot.
enum SlotError: Error {
  /// The text is not an identity of this provider.
  case identity
  /// What is remembered can't be decoded.
  case memory
  /// There are more resources than a controller can hold.
  case full
}

/// A kind that is served, for `tend explain`.
public struct KindDescription: Sendable {
  /// Its name.
  public let name: KindName
  /// Its fields.
  public let schema: Schema

  /// Describes a kind.
  public init(name: KindName, schema: Schema) {
    self.name = name
    self.schema = schema
  }
}
