/// Something of which every next step is known.
protocol Searched {
  associatedtype Step: Hashable, CustomStringConvertible
  /// All that may happen next, in an order of its own.
  var steps: [Step] { get }
  /// Takes a step, and throws where it must not be taken like that.
  mutating func take(_ step: Step) throws(Flaw)
  /// Throws what does not hold in this state.
  func check() throws(Flaw)
  /// Equal for states of which the same follows.
  var mark: Mark { get }
}

/// What does not hold.
struct Flaw: Error, Hashable { let what: String }

/// Goes through every state that can be reached.
struct Search<State: Searched> {
  /// What came of it.
  struct Report: CustomStringConvertible {
    var states = 1
    var steps = 0
    /// The most steps by which a state was first reached.
    var depth = 0
    /// Whether more states were met than allowed, so that some were left out.
    var isCutShort = false
    var flaw: Flaw?
    /// What led to the flaw.
    var history: [State.Step] = []

    var description: String {
      let figures = "\(states) states, \(steps) steps, \(depth) deep"
      guard let flaw else { return isCutShort ? "cut short after \(figures)" : figures }
      return "\(flaw.what), after\n" + history.map { "  \($0)" }.joined(separator: "\n")
    }
  }

  private var origins: [(state: Int, step: State.Step?)] = [(-1, nil)]
  private var marks: Set<Mark>
  private var report = Report()
  private let limit: Int

  private init(_ start: State, _ limit: Int) {
    marks = [start.mark]
    self.limit = limit
  }

  /// Searches until there is nothing new, or something does not hold; states after fewer steps
  /// first, so that what it finds has a shortest history.
  ///
  /// `see` is told of every state.
  static func exhaust(
    from start: State, limit: Int = 5_000_000, see: (State) -> Void = { _ in }
  ) -> Report {
    var search = Search(start, limit)
    see(start)
    var front = [(number: 0, state: start)]
    while !front.isEmpty, search.report.flaw == nil, !search.report.isCutShort {
      front = search.advance(front)
      for (_, state) in front { see(state) }
      if !front.isEmpty { search.report.depth += 1 }
    }
    return search.report
  }

  /// The same in the order in which it needs least memory: it goes on from the state that it found
  /// last, and keeps of all others nothing but marks, 16 bytes each.
  ///
  /// What it finds is not the shortest history. `tell` hears of its progress with every millionth
  /// state. A history of `deepest` steps ends it: a count that nothing bounds is then part of the
  /// states.
  static func sweep(
    from start: State, limit: Int = .max, deepest: Int = 10_000,
    tell: (Report) -> Void = { _ in }
  ) -> Report {
    var search = Search(start, limit)
    var path = [Turn(state: start, steps: start.steps[...])]
    while let last = path.indices.last, !search.report.isCutShort {
      guard let step = path[last].steps.popFirst() else {
        path.removeLast()
        continue
      }
      do throws(Flaw) {
        guard let next = try search.follow(step, from: path[last].state) else { continue }
        path[last].taken = step
        path.append(Turn(state: next, steps: next.steps[...]))
        search.report.depth = max(search.report.depth, last + 1)
        if path.count > deepest { search.report.isCutShort = true }
        if search.report.states % 1_000_000 == 0 { tell(search.report) }
      } catch {
        search.report.flaw = error
        search.report.history = path.dropLast().compactMap(\.taken) + [step]
        break
      }
    }
    return search.report
  }

  /// A state on the way to the one that is looked at, with what was not tried of it yet.
  private struct Turn {
    let state: State
    var steps: ArraySlice<State.Step>
    var taken: State.Step?
  }

  /// The state after a step, if it is new.
  private mutating func follow(_ step: State.Step, from state: State) throws(Flaw) -> State? {
    report.steps += 1
    var successor = state
    try successor.take(step)
    guard marks.insert(successor.mark).inserted else { return nil }
    try successor.check()
    report.states += 1
    if report.states > limit { report.isCutShort = true }
    return successor
  }

  private mutating func advance(
    _ front: [(number: Int, state: State)]
  ) -> [(number: Int, state: State)] {
    var next: [(number: Int, state: State)] = []
    for (number, state) in front {
      for step in state.steps {
        do throws(Flaw) {
          guard let successor = try follow(step, from: state) else { continue }
          if report.isCutShort { return [] }
          origins.append((number, step))
          next.append((origins.count - 1, successor))
        } catch {
          report.flaw = error
          report.history = history(of: number) + [step]
          return []
        }
      }
    }
    return next
  }

  private func history(of number: Int) -> [State.Step] {
    var (steps, number) = ([State.Step](), number)
    while number >= 0 {
      let origin = origins[number]
      if let step = origin.step { steps.append(step) }
      number = origin.state
    }
    return steps.reversed()
  }
}
