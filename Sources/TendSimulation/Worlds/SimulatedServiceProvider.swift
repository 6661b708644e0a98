public import Tend

/// A thing of the service as it was found.
public struct SimulatedServiceThing: Resource {
  /// Its key.
  public let id: String
  /// As the service has it.
  public let thing: SimulatedService.Thing

  /// Describes a thing.
  public init(_ thing: SimulatedService.Thing) {
    id = thing.key
    self.thing = thing
  }

  /// The name that the service gave it.
  public var memory: Int? { thing.number }
}

/// A thing of the service as it should be.
public struct SimulatedServiceSpec: DesiredState, Decodable {
  /// Its key.
  public let key: String
  /// Its value.
  public let value: String

  /// Its key.
  public var id: String { key }

  /// Compares the value.
  public func differences(from current: SimulatedServiceThing?) -> [Difference] {
    compare { $0.field("value", current?.thing.value, value) }
  }
}

/// Keeps things of a simulated service, and is right: absence is believed to a fresh answer alone,
/// and a thing is made only if there is none.
public struct SimulatedServiceProvider: Provider {
  let client: SimulatedServiceClient

  /// A provider for one life.
  public init(client: SimulatedServiceClient) { self.client = client }

  /// `service/v1 Thing`.
  public var kinds: [Kind<SimulatedServiceSpec>] { [Self.kind] }

  /// What providers of simulated services serve.
  public static let kind = Kind<SimulatedServiceSpec>(
    "service/v1 Thing",
    Schema(
      "A thing of the service.",
      [
        .string("key", required: true, "Its key."),
        .string("value", required: true, "Its value."),
      ]))

  /// Asks a replica first, and again freshly where that knows nothing.
  public func observe(
    _ target: Target<SimulatedServiceSpec>, _ context: Context
  ) async throws(ProviderError) -> SimulatedServiceThing? {
    for fresh in [false, true] {
      let things = try await client.list(for: target.id, fresh: fresh)
      if let thing = things.first(where: { $0.key == target.id }) {
        return SimulatedServiceThing(thing)
      }
    }
    return nil
  }

  /// One request each.
  public func apply(
    _ change: Change<SimulatedServiceSpec>, _ journal: Journal<SimulatedServiceSpec>,
    _ context: Context
  ) async throws(ProviderError) -> Outcome {
    switch change.action {
    case .create(let desired):
      guard let number = try await client.post(desired.key, desired.value, onlyIfAbsent: true)
      else { throw .conflict("\(desired.key) is there already") }
      try await journal.record(number)
    case .update(let found, let desired), .replace(let found, let desired):
      try await client.put(found.thing, desired.value)
    case .delete(let found): try await client.delete(found.thing)
    }
    return .done
  }
}
