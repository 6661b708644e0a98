import Synchronization
public import Tend

/// A service that names what it creates, loses replies, and answers from a replica that is behind.
public final class SimulatedService: SimulatedWorld {
  /// Makes the provider for one life of an agent.
  public typealias Maker = @Sendable (SimulatedServiceClient) -> any Provider

  /// A thing on the service.
  public struct Thing: Sendable, Hashable {
    /// The name that the service gave it; never given twice.
    public let number: Int
    /// What its maker calls it; the service allows it twice.
    public let key: String
    /// Its value.
    public var value: String
  }

  fileprivate struct State {
    var things: [Thing] = []
    var last = 0
    /// What somebody else made where there was nothing.
    var theirs: Set<String> = []
  }

  /// `service`.
  public let provider = "service"
  /// The keys that may be declared.
  public let identities: [String]
  private let state = Mutex(State())
  private let make: Maker

  /// A service on which somebody else has a thing.
  ///
  /// `provider` makes the provider that works with it; by default it is one that is right.
  public init(
    count: Int = 5,
    provider make: @escaping Maker = {
      SimulatedServiceProvider(client: $0)
    }
  ) {
    identities = (0..<count).map { "key-\($0)" }
    self.make = make
    state.withLock { state in
      state.add("theirs", "1")
      state.theirs.insert("theirs")
    }
  }

  /// The provider that it was made with.
  public func makeProvider(_ life: Life) -> any Provider {
    make(SimulatedServiceClient(service: self, life: life))
  }

  /// A thing with one of five values.
  public func declaration(
    of identity: String, variant: Int, dependsOn: [String]
  ) -> Declaration {
    Declaration(
      Reference(kind: "service/v1 Thing", name: identity), dependencies: dependsOn,
      spec: ["key": .string(identity), "value": .string(text(of: identity, variant: variant))],
      at: Place(file: "things.yaml", line: 1, column: 1))
  }

  /// The value.
  public func text(of identity: String, variant: Int) -> String { "\(variant % 5)" }

  /// All things, in the order in which they were made.
  public func contents() -> [SimulatedThing] {
    state.withLock { state in
      state.things.map {
        SimulatedThing($0.key, $0.value, isOurs: !state.theirs.contains($0.key))
      }
    }
  }

  /// It gets another value, or is deleted, or made where there is none.
  public func interfere(with identity: String, _ draw: inout Draw) -> String {
    let isDeleted = draw.below(3) == 0
    return state.withLock { state in
      guard let index = state.things.firstIndex(where: { $0.key == identity }) else {
        state.add(identity, "made")
        state.theirs.insert(identity)
        return "somebody posts \(identity)"
      }
      if isDeleted {
        state.things.remove(at: index)
        return "somebody deletes \(identity)"
      }
      state.things[index].value = "edited"
      return "somebody changes \(identity)"
    }
  }

  /// It runs elsewhere.
  public func suffer(_ loss: Loss, _ draw: inout Draw) -> [String] { [] }

  // MARK: For the client

  var things: [Thing] { state.withLock { $0.things } }

  func add(_ key: String, _ value: String, onlyIfAbsent: Bool) -> Int? {
    state.withLock { state in
      if onlyIfAbsent, state.things.contains(where: { $0.key == key }) { return nil }
      return state.add(key, value)
    }
  }

  func put(_ number: Int, _ value: String) {
    state.withLock { state in
      if let index = state.things.firstIndex(where: { $0.number == number }) {
        state.things[index].value = value
      }
    }
  }

  func remove(_ number: Int) {
    state.withLock { state in
      guard let index = state.things.firstIndex(where: { $0.number == number }) else { return }
      state.theirs.remove(state.things.remove(at: index).key)
    }
  }
}

extension SimulatedService.State {
  @discardableResult
  fileprivate mutating func add(_ key: String, _ value: String) -> Int {
    last += 1
    things.append(.init(number: last, key: key, value: value))
    return last
  }
}

/// How a provider works with a simulated service, for one life of an agent.
public struct SimulatedServiceClient: Sendable {
  let service: SimulatedService
  /// The life.
  public let life: Life

  /// All things, as one of the replicas has them; with `fresh`, as they are.
  public func list(
    for key: String, fresh: Bool = false
  ) async throws(ProviderError) -> [SimulatedService.Thing] {
    try await life.read(
      fresh ? "GET /things fresh" : "GET /things", of: key, in: service.provider,
      canBeStale: !fresh
    ) {
      service.things
    }
  }

  /// Makes a thing and answers its number.
  ///
  /// With `onlyIfAbsent` nil where there is one with that key, and none is made.
  public func post(
    _ key: String, _ value: String, onlyIfAbsent: Bool
  ) async throws(ProviderError) -> Int? {
    try await life.change("POST /things \(key)", of: key, in: service.provider) {
      service.add(key, value, onlyIfAbsent: onlyIfAbsent)
    }
  }

  /// Changes a thing; it is no error where it is gone.
  public func put(
    _ thing: SimulatedService.Thing, _ value: String
  ) async throws(ProviderError) {
    try await life.change("PUT /things/\(thing.number)", of: thing.key, in: service.provider) {
      service.put(thing.number, value)
    }
  }

  /// Deletes a thing; it is no error where it is gone.
  public func delete(_ thing: SimulatedService.Thing) async throws(ProviderError) {
    try await life.change(
      "DELETE /things/\(thing.number)", of: thing.key, in: service.provider, deletes: true
    ) {
      service.remove(thing.number)
    }
  }
}
