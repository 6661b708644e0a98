import Synchronization
import Tend

/// A server that names what it creates, and lists what it has.
final class Remote: Sendable {
  struct Thing: Sendable, Hashable {
    var number: Int
    var key: String
    var value: String
  }

  private struct State {
    var things: [String: [Int: Thing]] = [:]
    var lastNumber = 0
    var lostReplies = 0
    var requests: [String] = []
    var isDown = false
    /// What lists go on showing, whatever is changed.
    var shown: [String: [Int: Thing]]?
  }

  private let state = Mutex(State())

  var requests: [String] { state.withLock { $0.requests } }

  func things(in collection: String) -> [Thing] {
    state.withLock { $0.things[collection, default: [:]].values.sorted { $0.number < $1.number } }
  }

  /// The next replies to a POST are lost.
  func loseReplies(_ count: Int) { state.withLock { $0.lostReplies = count } }

  func forgetRequests() { state.withLock { $0.requests = [] } }

  /// From now on lists are as old as this.
  func freezeLists() { state.withLock { $0.shown = $0.things } }

  func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

  func remove(_ number: Int, in collection: String) {
    state.withLock { $0.things[collection]?[number] = nil }
  }

  private func request<Answer: Sendable>(
    _ text: String, _ body: (inout State) -> Answer
  ) throws(ProviderError) -> Answer {
    let answer: Answer? = state.withLock { state in
      state.requests.append(text)
      return state.isDown ? nil : body(&state)
    }
    guard let answer else { throw .transient("\(text): connection refused") }
    return answer
  }

  func list(_ collection: String) throws(ProviderError) -> [Thing] {
    try request("GET \(collection)") { state in
      Array((state.shown ?? state.things)[collection, default: [:]].values)
    }
  }

  func get(_ collection: String, _ number: Int) throws(ProviderError) -> Thing? {
    try request("GET \(collection)/\(number)") { $0.things[collection]?[number] }
  }

  func post(_ collection: String, key: String, value: String) throws(ProviderError) -> Int {
    let (number, isLost) = try request("POST \(collection)") { state in
      state.lastNumber += 1
      state.things[collection, default: [:]][state.lastNumber] = Thing(
        number: state.lastNumber, key: key, value: value)
      defer { state.lostReplies = max(0, state.lostReplies - 1) }
      return (state.lastNumber, state.lostReplies > 0)
    }
    if isLost { throw .transient("POST \(collection): the reply was lost") }
    return number
  }

  func put(_ collection: String, _ number: Int, value: String) throws(ProviderError) {
    try request("PUT \(collection)/\(number)") { $0.things[collection]?[number]?.value = value }
  }

  func delete(_ collection: String, _ number: Int) throws(ProviderError) {
    try request("DELETE \(collection)/\(number)") { state in
      state.things[collection]?[number] = nil
    }
  }
}

struct RemoteRow: Resource {
  /// Enough to find it, and to delete it when its declaration and its type are gone.
  struct Memory: Codable, Equatable, Sendable {
    var collection: String
    var key: String
    var number: Int?
  }

  let id: String
  var thing: Remote.Thing
  var collection: String
  var memory: Memory { Memory(collection: collection, key: thing.key, number: thing.number) }
}

struct RemoteObject: DesiredState {
  var id: String
  var collection: String
  var key: String
  var content: String

  func differences(from current: RemoteRow?) -> [Difference] {
    compare { comparison in
      comparison.field("value", current?.thing.value, content)
      comparison.field("collection", current?.collection, collection, immutable: true)
    }
  }
}

/// Keeps what a server has: the remote world, of which the kinds are declared.
struct RemoteProvider: KindDefining, Listing {
  struct Definition: Decodable, Sendable {
    var name: String
    var collection: String
  }

  private struct Spec: Decodable {
    var key: String
    var value: String
  }

  let remote: Remote
  let name = "remote"
  let kinds: [Kind<RemoteObject>] = []
  let definitions = [
    Kind<Definition>(
      "remote/v1 Type",
      Schema(
        "A type of things on the server.",
        [
          .string("name", required: true, "The kind that it defines."),
          .string("collection", required: true, "Where its things are."),
        ]))
  ]

  func kinds(
    definedBy definitions: [Declared<Definition>]
  ) throws(Diagnostics) -> [Kind<RemoteObject>] {
    definitions.map { definition in
      let type = definition.content
      return Kind(
        KindName(apiVersion: "remote/v1", kind: type.name), Spec.self,
        Schema(
          "A \(type.name).",
          [
            .string("key", required: true, "Its key."),
            .string("value", required: true, "Its value."),
          ])
      ) { spec in
        RemoteObject(
          id: "\(type.name)/\(spec.key)", collection: type.collection, key: spec.key,
          content: spec.value)
      }
    }
  }

  func observe(
    _ target: Target<RemoteObject>, _ context: Context
  ) async throws(ProviderError) -> RemoteRow? {
    guard let memory = memory(of: target) else { return nil }
    if let number = memory.number {
      return try remote.get(memory.collection, number).map { row(target.id, $0, memory) }
    }
    return try remote.list(memory.collection).first { $0.key == memory.key }
      .map { row(target.id, $0, memory) }
  }

  private func memory(of target: Target<RemoteObject>) -> RemoteRow.Memory? {
    if let memory = target.memory { return memory }
    return target.desired.map {
      RemoteRow.Memory(collection: $0.collection, key: $0.key, number: nil)
    }
  }

  private func row(
    _ id: String, _ thing: Remote.Thing, _ memory: RemoteRow.Memory
  ) -> RemoteRow {
    RemoteRow(id: id, thing: thing, collection: memory.collection)
  }

  func group(of target: Target<RemoteObject>) -> String? { memory(of: target)?.collection }

  func observe(
    all targets: [Target<RemoteObject>], _ context: Context
  ) async throws(ProviderError) -> [String: RemoteRow] {
    guard let collection = targets.first.flatMap(memory)?.collection else { return [:] }
    let things = try remote.list(collection)
    let byNumber = Dictionary(things.map { ($0.number, $0) }, uniquingKeysWith: { $1 })
    let byKey = Dictionary(things.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    var rows: [String: RemoteRow] = [:]
    for target in targets {
      guard let memory = memory(of: target) else { continue }
      let thing = memory.number.map { byNumber[$0] } ?? byKey[memory.key]
      if let thing { rows[target.id] = row(target.id, thing, memory) }
    }
    return rows
  }

  func apply(
    _ change: Change<RemoteObject>, _ journal: Tend.Journal<RemoteObject>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    switch change.action {
    case .create(let object): try await create(object, journal)
    case .update(let row, let object):
      try remote.put(row.collection, row.thing.number, value: object.content)
    case .replace(let row, let object):
      try remote.delete(row.collection, row.thing.number)
      try await create(object, journal)
    case .delete(let row): try remote.delete(row.collection, row.thing.number)
    }
    return .done
  }

  /// The intent before what can't be repeated, the identity after it.
  private func create(
    _ object: RemoteObject, _ journal: Tend.Journal<RemoteObject>
  ) async throws(ProviderError) {
    var memory = RemoteRow.Memory(collection: object.collection, key: object.key, number: nil)
    try await journal.record(memory)
    memory.number = try remote.post(object.collection, key: object.key, value: object.content)
    try await journal.record(memory)
  }
}

func type(_ name: String, in collection: String) -> Declaration {
  Declaration(
    Reference(kind: "remote/v1 Type", name: name),
    spec: ["name": .string(name), "collection": .string(collection)],
    at: Place(file: "remote.yaml", line: 1, column: 1))
}

func object(_ type: String, _ key: String, _ value: String) -> Declaration {
  Declaration(
    Reference(kind: KindName(apiVersion: "remote/v1", kind: type), name: key),
    spec: ["key": .string(key), "value": .string(value)],
    at: Place(file: "remote.yaml", line: 2, column: 1))
}
