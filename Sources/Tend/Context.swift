/// What a provider's call may ask of the engine.
///
/// Cancellation is the task's own.
public struct Context: Sendable {
  package let surroundings: any Surroundings
  package var deadline: Duration
  private let limits: (any Limits)?

  package init(
    _ surroundings: any Surroundings, deadline: Duration, limits: (any Limits)? = nil
  ) {
    self.surroundings = surroundings
    self.deadline = deadline
    self.limits = limits
  }

  /// Time left for this call; zero or less once it is late.
  public var remaining: Duration { deadline - surroundings.monotonic }

  /// Time since a fixed moment of this process, by the engine's clock; it never goes back.
  ///
  /// For what a provider paces by itself, such as requests in a second.
  public var uptime: Duration { surroundings.monotonic }

  /// The wall clock, for times that outlive a restart.
  public var now: Timestamp { surroundings.now }

  /// Waits by the engine's clock.
  ///
  /// Throws `.cancelled` when the call is cancelled.
  public func sleep(for duration: Duration) async throws(ProviderError) {
    try await surroundings.sleep(for: duration)
  }

  /// Throws `.notPermitted` where the unit may not touch this.
  ///
  /// For what shows only when a resource is looked at: a path once the links on the way are
  /// followed, a user once a name is resolved. Check what is held, not what is looked up again.
  /// It is not even made where nothing is forbidden.
  public func confine(_ access: @autoclosure () -> Access) throws(ProviderError) {
    try limits?.check(access())
  }

  /// The secret as it is now.
  ///
  /// From here on the engine masks it wherever it prints.
  public func secret(_ source: SecretSource) async throws(ProviderError) -> Sensitive<String> {
    try await surroundings.secret(source)
  }

  /// A digest of bytes that may be secret, keyed with the store's key so that it may be remembered.
  public func digest(of secret: Sensitive<String>) -> String {
    surroundings.digest(of: secret)
  }

  /// An event of this resource, for people.
  ///
  /// Never a secret.
  public func note(_ message: String, _ details: [Detail] = []) {
    surroundings.note(message, details)
  }

  /// Where a copy of what a change is about to replace or delete may be kept, if anywhere.
  public var backups: (any BackupStore)? { surroundings.backups }

  /// Whether a person at a terminal has asked to see what must not be seen otherwise.
  public var showsPrivate: Bool { surroundings.showsPrivate }

  /// Makes durable what a change has done in a place, such as a directory.
  ///
  /// Changes that are carried out together share one step for each place: it runs after the last
  /// of them and before anything is concluded from one of them. What it throws is then what became
  /// of each. Where changes are carried out one by one it runs at once. Call it when the change is
  /// done but for this; it is not cancelled.
  public func settle<Place: AnyObject & Sendable>(
    _ place: Place, _ step: @escaping @Sendable () throws(ProviderError) -> Void
  ) throws(ProviderError) {
    if !surroundings.gather(SettlingStep(place: place, run: step)) { try step() }
  }

  /// Whether this call serves a repair of drift; its backup need not be durable before the change.
  public var isRepair: Bool { surroundings.isRepair }
}

/// What a unit may touch.
package protocol Limits: AnyObject, Sendable {
  func check(_ access: Access) throws(ProviderError)
}

/// What makes the changes in one place durable.
package struct SettlingStep: Sendable {
  package let place: any AnyObject & Sendable
  package let run: @Sendable () throws(ProviderError) -> Void

  package init(
    place: any AnyObject & Sendable, run: @escaping @Sendable () throws(ProviderError) -> Void
  ) {
    self.place = place
    self.run = run
  }
}

/// What stands behind a `Context`: the engine, a test kit, a simulator.
package protocol Surroundings: Sendable {
  var monotonic: Duration { get }
  var now: Timestamp { get }
  var backups: (any BackupStore)? { get }
  var isRepair: Bool { get }
  /// Default: false.
  var showsPrivate: Bool { get }
  func sleep(for duration: Duration) async throws(ProviderError)
  func secret(_ source: SecretSource) async throws(ProviderError) -> Sensitive<String>
  func digest(of secret: Sensitive<String>) -> String
  func note(_ message: String, _ details: [Detail])
  /// Takes over a step for later; default: false, it is not taken.
  func gather(_ step: SettlingStep) -> Bool
}

extension Surroundings {
  package var showsPrivate: Bool { false }
  package func gather(_ step: SettlingStep) -> Bool { false }
}
