import Synchronization
import Tend
import TendTesting
import Testing

/// What the documentation shows of the kit, as a whole.
struct DocumentedUseTests {
  @Test("it keeps the laws of providers")
  func laws() async throws {
    try await conform {
      ItemWorld()
    } provider: { world, faults in
      ItemProvider(client: Client(server: world.server, faults: faults))
    }
  }
}

private struct Item: Resource, DesiredState, Decodable {
  let id: String
  let color: String

  func differences(from current: Item?) -> [Difference] {
    compare { $0.field("color", current?.color, color) }
  }
}

private final class Server: Sendable {
  private let items = Mutex<[String: Item]>([:])

  var all: [Item] { items.withLock { $0.values.sorted { $0.id < $1.id } } }
  func get(_ id: String) async throws -> Item? { items.withLock { $0[id] } }
  func put(_ item: Item) async throws { items.withLock { $0[item.id] = item } }
  func delete(_ id: String) async throws { items.withLock { $0[id] = nil } }
}

private struct Client {
  let server: Server
  let faults: Faults

  func get(_ id: String) async throws -> Item? {
    try await faults.read("GET /items/\(id)") { try await server.get(id) }
  }

  func put(_ item: Item) async throws {
    try await faults.change("PUT /items/\(item.id)") { try await server.put(item) }
  }

  func delete(_ id: String) async throws {
    try await faults.change("DELETE /items/\(id)") { try await server.delete(id) }
  }
}

private struct ItemWorld: TrialWorld {
  let server = Server()
  let samples = ["red", "green", "blue"].map { color in
    """
    apiVersion: items/v1
    kind: Item
    metadata: {name: a}
    spec: {id: a, color: \(color)}
    ---
    apiVersion: items/v1
    kind: Item
    metadata: {name: b}
    spec: {id: b, color: \(color)}

    """
  }

  func contents() async throws -> [String] { server.all.map { "\($0.id) \($0.color)" } }
}

private struct ItemProvider: Provider {
  let client: Client
  let kinds = [
    Kind<Item>(
      "items/v1 Item",
      Schema(
        "An item.",
        [
          .string("id", required: true, immutable: true, "Which one."),
          .string("color", required: true, "What it looks like."),
        ]))
  ]

  func observe(
    _ target: Target<Item>, _ context: Context
  ) async throws(ProviderError) -> Item? {
    try await attempt("look at \(target.id)") { try await client.get(target.id) }
  }

  func apply(
    _ change: Change<Item>, _ journal: Journal<Item>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    switch change.action {
    case .create(let item), .update(_, let item), .replace(_, let item):
      try await attempt("write \(item.id)") { try await client.put(item) }
    case .delete(let item):
      try await attempt("delete \(item.id)") { try await client.delete(item.id) }
    }
    return .done
  }
}
