import Synchronization
import Tend

/// A world that lives: counters that keep running, whoever started them.
final class Counters: Sendable {
  struct Run: Sendable, Hashable {
    var name: String
    var step: Int
    /// What it was started with.
    var version: String
    var count = 0
  }

  private struct State {
    var runs: [Int: Run] = [:]
    var lastPid = 0
    var starts = 0
    var stops = 0
    /// Each rename that was asked for.
    var renames: [String] = []
    /// How many of the next renames fail.
    var failures = 0
  }

  private let state = Mutex(State())

  var runs: [Int: Run] { state.withLock { $0.runs } }
  var starts: Int { state.withLock { $0.starts } }
  var stops: Int { state.withLock { $0.stops } }

  /// Time passes for all of them.
  func tick() {
    state.withLock { state in
      state.runs = state.runs.mapValues { run in
        var run = run
        run.count += run.step
        return run
      }
    }
  }

  func start(_ name: String, step: Int, version: String) -> Int {
    state.withLock { state in
      state.lastPid += 1
      state.starts += 1
      state.runs[state.lastPid] = Run(name: name, step: step, version: version)
      return state.lastPid
    }
  }

  var renames: [String] { state.withLock { $0.renames } }

  /// The next renames fail.
  func failRenames(_ count: Int) { state.withLock { $0.failures = count } }

  func rename(_ old: String, to new: String) throws(ProviderError) {
    let isFailing = state.withLock { state in
      state.renames.append("\(old) to \(new)")
      if state.failures > 0 {
        state.failures -= 1
        return true
      }
      if state.runs.values.contains(where: { $0.name == new }) { return false }
      for (pid, run) in state.runs where run.name == old { state.runs[pid]?.name = new }
      return false
    }
    if isFailing { throw .transient("it is not heard") }
  }

  func stop(_ pid: Int) {
    state.withLock { state in
      if state.runs.removeValue(forKey: pid) != nil { state.stops += 1 }
    }
  }
}

/// A counter as it runs.
struct CounterRow: Resource {
  struct Memory: Codable, Equatable, Sendable {
    var pid: Int?
  }

  let id: String
  var pid: Int
  var run: Counters.Run
  var memory: Memory { Memory(pid: pid) }
  var details: [Detail] { [Detail("count", run.count)] }
}

/// A counter as declared; `watch` names what it restarts for.
struct Counter: DesiredState {
  struct Spec: Decodable {
    var step: Int
    var watch: String?
  }

  var name: String
  var spec: Spec
  /// The version of what it watches.
  var watched: String?

  var id: String { name }

  func differences(from current: CounterRow?) -> [Difference] {
    compare { comparison in
      comparison.field("step", current?.run.step, spec.step)
      comparison.field("version", current?.run.version, watched ?? "none")
    }
  }
}

/// Keeps counters running: the world that is alive and local.
struct CounterProvider: Provider, Linking, HealthChecking, Renaming {
  let counters: Counters
  let kinds = [
    Kind<Counter>(
      "counters/v1 Counter",
      Schema(
        "A counter that keeps running.",
        [
          .integer("step", required: true, "How far each tick goes."),
          .string("watch", "What it restarts for."),
        ])
    ) { (declaration: Declaration) throws(Diagnostics) in
      Counter(name: declaration.reference.name, spec: try declaration.decode(Counter.Spec.self))
    }
  ]

  /// It lives only in memory who is who: a counter that nobody remembers is not found.
  func observe(
    _ target: Target<Counter>, _ context: Context
  ) async throws(ProviderError) -> CounterRow? {
    guard let pid = target.memory?.pid, let run = counters.runs[pid], run.name == target.id else {
      return nil
    }
    return CounterRow(id: target.id, pid: pid, run: run)
  }

  func apply(
    _ change: Change<Counter>, _ journal: Tend.Journal<Counter>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    switch change.action {
    case .create(let counter): try await start(counter, journal)
    case .update(let row, let counter), .replace(let row, let counter):
      counters.stop(row.pid)
      try await start(counter, journal)
    case .delete(let row): counters.stop(row.pid)
    }
    return .done
  }

  private func start(
    _ counter: Counter, _ journal: Tend.Journal<Counter>
  ) async throws(ProviderError) {
    let pid = counters.start(
      counter.name, step: counter.spec.step, version: counter.watched ?? "none")
    try await journal.record(CounterRow.Memory(pid: pid))
  }

  func rename(
    _ old: String, to new: String, _ context: Context
  ) async throws(ProviderError) {
    try counters.rename(old, to: new)
  }

  func health(
    of current: CounterRow, as desired: Counter, _ context: Context
  ) async throws(ProviderError) -> Health {
    if desired.spec.step < 0 { return .degraded("it counts backwards") }
    return current.run.count > 0
      ? .healthy : .progressing("it has not counted yet", checkAfter: .seconds(1))
  }

  func link(_ declared: inout [Declared<Counter>], _ links: Links) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    for index in declared.indices {
      guard let watch = declared[index].content.spec.watch else { continue }
      switch links[watch, for: declared[index].reference] {
      case .found(_, let fingerprint): declared[index].content.watched = fingerprint?.description
      case .missing, .ambiguous:
        diagnostics.append(
          Diagnostic(
            .reference, at: declared[index].declaration.place(of: "watch"),
            "there is no \(watch) to watch"))
      }
    }
    return diagnostics
  }
}

func counter(
  _ name: String, step: Int = 1, watch: String? = nil, formerly: [String] = [], line: Int = 1
) -> Declaration {
  var fields: [Value.Fields.Entry] = [.init(key: "step", value: .integer(Int64(step)))]
  if let watch { fields.append(.init(key: "watch", value: .string(watch))) }
  return Declaration(
    Reference(kind: "counters/v1 Counter", name: name), formerNames: formerly,
    spec: .map(Value.Fields(fields)), at: Place(file: "counters.yaml", line: line, column: 1))
}
