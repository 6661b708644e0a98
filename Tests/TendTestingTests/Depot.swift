import Synchronization
import TendTesting

/// A service in memory that keeps boxes: it names what it creates, and lists what it has.
final class Depot: Sendable {
  struct Box: Sendable, Hashable {
    var number: Int
    var label: String
    var color: String
    var weight: Int
    var lock: String
    /// Can't be changed.
    var size = "small"
    /// Come after the box itself.
    var parts: [String] = []
    /// How often somebody looked; only a provider that leaves traces counts.
    var looks = 0
  }

  private struct State {
    var boxes: [Int: Box] = [:]
    var lastNumber = 0
  }

  private let state = Mutex(State())

  var boxes: [Box] { state.withLock { $0.boxes.values.sorted { $0.number < $1.number } } }

  func box(_ number: Int) -> Box? { state.withLock { $0.boxes[number] } }

  func add(_ box: Box) -> Int {
    state.withLock { state in
      state.lastNumber += 1
      state.boxes[state.lastNumber] = box
      state.boxes[state.lastNumber]?.number = state.lastNumber
      return state.lastNumber
    }
  }

  /// False where there is no such box.
  func change(_ number: Int, _ change: @Sendable (inout Box) -> Void) -> Bool {
    state.withLock { state in
      guard var box = state.boxes[number] else { return false }
      change(&box)
      box.size = state.boxes[number]?.size ?? box.size
      state.boxes[number] = box
      return true
    }
  }

  func remove(_ number: Int) -> Bool {
    state.withLock { $0.boxes.removeValue(forKey: number) != nil }
  }
}

/// What the client of the depot throws.
enum DepotError: Error {
  case noSuchBox(Int)
}

/// The way to a depot, through the kit.
struct DepotClient: Sendable {
  let depot: Depot
  let faults: Faults

  func list() async throws -> [Depot.Box] {
    try await faults.read("GET /boxes") { depot.boxes }
  }

  func get(_ number: Int) async throws -> Depot.Box? {
    try await faults.read("GET /boxes/\(number)") { depot.box(number) }
  }

  func post(_ box: Depot.Box) async throws -> Int {
    try await faults.change("POST /boxes \(box.label)") { depot.add(box) }
  }

  func patch(_ number: Int, _ change: @Sendable @escaping (inout Depot.Box) -> Void) async throws {
    try await faults.change("PATCH /boxes/\(number)") {
      guard depot.change(number, change) else { throw DepotError.noSuchBox(number) }
    }
  }

  func delete(_ number: Int) async throws {
    try await faults.change("DELETE /boxes/\(number)") {
      guard depot.remove(number) else { throw DepotError.noSuchBox(number) }
    }
  }
}

/// A depot as a world of trials.
struct DepotWorld: TrialWorld {
  let depot = Depot()

  let samples = [
    sample(
      "color: red, weight: 1, lock: secret-one, size: small",
      "color: blue, weight: 3, lock: secret-three"),
    sample(
      "color: green, weight: 2, lock: secret-one, size: small",
      "color: red, weight: 3, lock: secret-three"),
    sample(
      "color: green, weight: 2, lock: secret-two, size: large",
      "color: red, weight: 3, lock: secret-three"),
  ]

  private static func sample(_ a: String, _ ab: String) -> String {
    """
    apiVersion: depot/v1
    kind: Box
    metadata: {name: a}
    spec: {label: a, \(a)}
    ---
    apiVersion: depot/v1
    kind: Box
    metadata: {name: ab}
    spec: {label: ab, \(ab)}

    """
  }

  func contents() async throws -> [String] {
    depot.boxes.map { box in
      "\(box.label) \(box.color) \(box.weight) \(box.lock) \(box.size) \(box.parts) \(box.looks)"
    }.sorted()
  }
}
