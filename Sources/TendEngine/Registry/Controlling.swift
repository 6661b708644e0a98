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

  /// Begins to stage a revision, with the definitions that it holds.
  func stage(
    definitions: [Declaration], tree: any SourceTree
  ) -> (part: any StagedPart, diagnostics: [Diagnostic])

  /// The slot of an identity, if there is one.
  func slot(of identity: String) -> UInt32?
  /// A slot for an identity, made where there is none; nil where the text is no identity of its
  /// kind.
  func makeSlot(of identity: String, memory: Value?) throws(SlotError) -> UInt32
  /// The scheduler's handle of a slot.
  func handle(of slot: UInt32) -> Scheduler.Handle
  /// Ends a slot, within its last run; the answer tells those who knew it, outside all locks.
  func free(_ slot: UInt32) -> @Sendable () -> Void

  /// Takes over the desired states of a staged part: they are in force from the next run on.
  func take(_ desired: [(slot: UInt32, item: Int)], from part: any StagedPart)
  /// From the next run on nothing is desired of these slots.
  func withdraw(_ slots: [UInt32])
  /// What an inspection for a plan is to compare with; nil: with nothing, as for a deletion.
  func inspect(
    _ targets: [(slot: UInt32, item: Int?)], from part: (any StagedPart)?,
    into inspection: Inspection)
  /// The same for what is in force.
  func inspect(inForce slots: [UInt32], into inspection: Inspection)

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

/// The declarations of one provider in one revision, decoded.
protocol StagedPart: AnyObject, Sendable {
  /// All kinds that the provider serves in this revision.
  var kindNames: [KindName] { get }
  /// How many declarations were decoded.
  var count: Int { get }
  /// Those that could not be decoded.
  var undecoded: [Declaration] { get }

  /// Decodes; what did not change since `previous` is taken from there.
  func decode(
    _ declarations: [Declaration], tree: any SourceTree, reusing previous: (any StagedPart)?
  ) -> [Diagnostic]
  /// Lets the provider take in what it asks of other declarations.
  func link(_ links: Links) -> [Diagnostic]

  func declaration(_ item: Int) -> Declaration
  func identity(_ item: Int) -> String
  func prerequisites(_ item: Int) -> [String]
  func fingerprint(_ item: Int) -> Fingerprint?
  /// Whether the item was taken over from the previous revision unchanged.
  func isReused(_ item: Int) -> Bool
}
