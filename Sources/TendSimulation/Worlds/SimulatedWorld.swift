public import Tend

/// A part of the world for rehearsals: what one provider works with.
///
/// It outlives the agents that work on it. Its calls are made between the steps of tasks, so it
/// needs a lock for its state and nothing more.
public protocol SimulatedWorld: Sendable {
  /// The name of its provider, as the inventory has it.
  var provider: String { get }
  /// What may be declared in it; the same each time.
  var identities: [String] { get }
  /// Texts that must turn up in no event, log, record or error.
  var secrets: [(source: SecretSource, text: String)] { get }

  /// The provider anew, for one life of an agent; it shares nothing with the last but the world.
  func makeProvider(_ life: Life) -> any Provider

  /// How one of them is declared in one of several ways, which a number chooses.
  func declaration(of identity: String, variant: Int, dependsOn: [String]) -> Declaration
  /// What ``contents()`` says of it where it is so.
  func text(of identity: String, variant: Int) -> String
  /// Everything there is, in an order of its own.
  func contents() -> [SimulatedThing]

  /// Somebody else changes, removes or makes something; answers what, for people.
  func interfere(with identity: String, _ draw: inout Draw) -> String
  /// The agent or the whole machine dies; answers what is broken now that nobody will notice.
  func suffer(_ loss: Loss, _ draw: inout Draw) -> [String]
}

extension SimulatedWorld {
  /// It knows no secrets.
  public var secrets: [(source: SecretSource, text: String)] { [] }
}

/// One thing in a simulated world.
public struct SimulatedThing: Sendable, Hashable {
  /// Which resource it is, or is one of.
  public var identity: String
  /// How it is; equal texts are equally good.
  public var text: String
  /// Whether an agent made it.
  public var isOurs: Bool

  /// Describes a thing.
  public init(_ identity: String, _ text: String, isOurs: Bool) {
    self.identity = identity
    self.text = text
    self.isOurs = isOurs
  }
}

/// What dies.
public enum Loss: String, Sendable, Hashable {
  /// The agent alone: what it gave to the kernel stays.
  case agent
  /// The machine: what was not synced may be gone, and no process is left.
  case machine
}
