import Synchronization
import Tend

/// A world of things that lie on a shelf: several fields each, and all that can go wrong.
final class Shelf: Sendable {
  /// One thing, as it is.
  struct Thing: Sendable, Hashable {
    var kind = "Item"
    var content = ""
    var mode = 0
    var color = "plain"
    var secret = ""
    /// Tells two things apart that came one after the other.
    var serial = 0
  }

  /// What a call does instead of what it should, once.
  enum Fault: Sendable {
    case fail(ProviderError)
    /// Does it, then fails.
    case loseReply
    /// Waits until the call is cancelled.
    case hang
    /// Makes a thing like this, then fails.
    case half(@Sendable (inout Thing) -> Void)
    /// Does nothing, and says that it did.
    case ignore
    /// Does it, and asks for time.
    case underway(Duration)
    /// Waits until the test lets it go on.
    case wait(Gate)
    /// Runs this first.
    case first(@Sendable () async -> Void)
  }

  enum Call: Sendable, Hashable, CustomStringConvertible {
    case observe(String)
    case create(String)
    case update(String, [String])
    case replace(String)
    case delete(String)

    var path: String {
      switch self {
      case .observe(let path), .create(let path), .update(let path, _), .replace(let path),
        .delete(let path):
        path
      }
    }

    var isWrite: Bool { if case .observe = self { false } else { true } }

    var description: String {
      switch self {
      case .observe(let path): "observe \(path)"
      case .create(let path): "create \(path)"
      case .update(let path, let fields): "update \(path) \(fields.joined(separator: ","))"
      case .replace(let path): "replace \(path)"
      case .delete(let path): "delete \(path)"
      }
    }
  }

  private struct State {
    var things: [String: Thing] = [:]
    var calls: [Call] = []
    var observeFaults: [String: [Fault]] = [:]
    var applyFaults: [String: [Fault]] = [:]
    var running: Set<String> = []
    var overlaps = 0
    var serial = 0
    /// What a written content reads back as.
    var normalise: @Sendable (Thing) -> Thing = { $0 }
  }

  private let state = Mutex(State())

  subscript(path: String) -> Thing? {
    get { state.withLock { $0.things[path] } }
    set { state.withLock { $0.things[path] = newValue } }
  }

  /// Somebody else puts a thing there.
  func put(_ path: String, _ change: (inout Thing) -> Void = { _ in }) {
    state.withLock { state in
      if state.things[path] == nil {
        state.serial += 1
        state.things[path] = Thing(serial: state.serial)
      }
      if var thing = state.things[path] {
        change(&thing)
        state.things[path] = thing
      }
    }
  }

  func remove(_ path: String) { state.withLock { $0.things[path] = nil } }

  var paths: [String] { state.withLock { $0.things.keys.sorted() } }
  var calls: [Call] { state.withLock { $0.calls } }
  var writes: [String] { calls.filter(\.isWrite).map(\.description) }
  /// How often two calls ran at once for one path.
  var overlaps: Int { state.withLock { $0.overlaps } }

  func forgetCalls() { state.withLock { $0.calls = [] } }

  func failObserve(_ path: String, _ faults: Fault...) {
    state.withLock { $0.observeFaults[path, default: []] += faults }
  }

  func failApply(_ path: String, _ faults: Fault...) {
    state.withLock { $0.applyFaults[path, default: []] += faults }
  }

  func heal() {
    state.withLock { state in
      state.observeFaults = [:]
      state.applyFaults = [:]
    }
  }

  func normalise(_ body: @escaping @Sendable (Thing) -> Thing) {
    state.withLock { $0.normalise = body }
  }

  // MARK: What the provider calls

  func enter(_ call: Call) -> Fault? {
    state.withLock { state in
      state.calls.append(call)
      if !state.running.insert(call.path).inserted { state.overlaps += 1 }
      let faults = call.isWrite ? state.applyFaults[call.path] : state.observeFaults[call.path]
      guard var faults, !faults.isEmpty else { return nil }
      let fault = faults.removeFirst()
      if call.isWrite {
        state.applyFaults[call.path] = faults
      } else {
        state.observeFaults[call.path] = faults
      }
      return fault
    }
  }

  func leave(_ call: Call) { _ = state.withLock { $0.running.remove(call.path) } }

  func write(_ path: String, isNew: Bool, _ change: (inout Thing) -> Void) {
    state.withLock { state in
      var thing = state.things[path] ?? Thing()
      if isNew {
        state.serial += 1
        thing = Thing(serial: state.serial)
      }
      change(&thing)
      state.things[path] = state.normalise(thing)
    }
  }
}

/// A door that stays shut until the test opens it.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var arrivals = 0
    var waiters: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())

  var arrivals: Int { state.withLock { $0.arrivals } }

  func open() {
    let waiters = state.withLock { state in
      state.isOpen = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Waits also where the task is cancelled.
  func pass() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        state.arrivals += 1
        if !state.isOpen { state.waiters.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }
}
