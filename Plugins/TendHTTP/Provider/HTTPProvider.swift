internal import Synchronization
public import Tend

/// Keeps things in services that are reached over HTTP: `http/v1` `API`, `ObjectType`, `Object`,
/// and the kinds that types define.
///
/// What has no need of it costs nothing: the client is made with the first request.
public struct HTTPProvider: Provider, Executing {
  /// What is declared.
  public typealias Desired = ObjectSpec

  /// The space of identities; the same whatever types define.
  public let name = "http"
  /// Calls wait for services; each API limits how many there are of its own.
  public let execution = Execution.pool(limit: 32)

  let services: Services
  let lists = Lists()
  let recollection = Recollection()
  let random: @Sendable () -> Double

  /// Speaks to services over the network.
  public init() {
    self.init(ClientTransport()) { Double.random(in: 0..<1) }
  }

  /// Speaks to them in another way, with another source of chance.
  init(_ transport: any Transport, random: @escaping @Sendable () -> Double) {
    services = Services(transport, random: random)
    self.random = random
  }

  /// Where requests are sent.
  public var executors: [any TaskExecutor] { services.executors }

  /// `Object`, as long as nothing is defined.
  public var kinds: [Kind<ObjectSpec>] { [Self.objects(of: [])] }
}

/// The services that are in use, one for each way to reach one.
final class Services: Sendable {
  /// Those of connections that nobody uses any more go, the one that was idle longest first.
  private static let bound = 64

  private let transport: any Transport
  private let random: @Sendable () -> Double
  /// The one used last at the end.
  private let all = Mutex<(services: [Service], count: Int)>(([], 0))
  private let names = Mutex<[(group: String, connection: Shared<Connection>, name: String)]>([])
  private static let mostNames = 8

  init(_ transport: any Transport, random: @escaping @Sendable () -> Double) {
    self.transport = transport
    self.random = random
  }

  var executors: [any TaskExecutor] { transport.executors }

  /// What a group is called there, where another API may show the same with other rights.
  func name(of group: String, at connection: Shared<Connection>) -> String {
    if let name = names.withLock({ $0.first { $0.group == group && $0.connection == connection } })
    {
      return name.name
    }
    let name = "\(self[connection].number) \(group)"
    names.withLock { names in
      if names.count >= Self.mostNames { names = [] }
      names.append((group, connection, name))
    }
    return name
  }

  subscript(connection: Shared<Connection>) -> Service {
    all.withLock { all in
      if let last = all.services.last, last.shared == connection { return last }
      if let index = all.services.lastIndex(where: { $0.shared == connection }) {
        let service = all.services.remove(at: index)
        all.services.append(service)
        return service
      }
      all.count += 1
      let service = Service(connection, number: all.count, transport, random: random)
      all.services.append(service)
      if all.services.count > Self.bound { all.services.removeFirst() }
      return service
    }
  }
}

/// What this process itself has done to objects, which a look at the world can't tell.
final class Recollection: Sendable {
  /// Of more objects than this it begins anew; what was deleted is then looked for twice.
  private static let bound = 100_000

  private struct State {
    var deleted: Set<ObjectID> = []
    var announced: [ObjectID: ObjectMemory] = [:]
  }

  private let state = Mutex(State())

  /// It was deleted here, so that its absence needs no confirmation.
  func didDelete(_ id: ObjectID) {
    state.withLock { state in
      if state.deleted.count >= Self.bound { state.deleted = [] }
      state.deleted.insert(id)
    }
  }

  func hasDeleted(_ id: ObjectID) -> Bool { state.withLock { $0.deleted.contains(id) } }

  /// It is there, or about to be.
  func forget(_ id: ObjectID) {
    state.withLock { state in
      if !state.deleted.isEmpty { state.deleted.remove(id) }
      if !state.announced.isEmpty { state.announced[id] = nil }
    }
  }

  /// Its creation was announced, and nobody knows whether it came about.
  func didAnnounce(_ id: ObjectID, _ memory: ObjectMemory) {
    state.withLock { state in
      if state.announced.count >= Self.bound { state.announced = [:] }
      state.announced[id] = memory
    }
  }

  func announcement(of id: ObjectID) -> ObjectMemory? { state.withLock { $0.announced[id] } }
}
