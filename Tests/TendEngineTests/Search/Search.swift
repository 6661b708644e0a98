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
  var mark: Int { get }
}

/// What does not hold.
struct Flaw: Error, Hashable { let what: String }

/// Goes through every state that can be reached, those after fewer steps first: so what it finds,
/// it finds with a shortest history.
struct Search<State: Searched> {
  /// What came of it.
  struct Report: CustomStringConvertible {
    var states = 1
    var steps = 0
    /// The most steps that it takes to reach a state.
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
  private var marks: Set<Int>
  private var report = Report()
  private let limit: Int

  private init(_ start: State, _ limit: Int) {
    marks = [start.mark]
    self.limit = limit
  }

  /// Searches until there is nothing new, or something does not hold.
  static func exhaust(from start: State, limit: Int = 5_000_000) -> Report {
    var search = Search(start, limit)
    var front = [(number: 0, state: start)]
    while !front.isEmpty, search.report.flaw == nil, !search.report.isCutShort {
      front = search.advance(front)
      if !front.isEmpty { search.report.depth += 1 }
    }
    return search.report
  }

  private mutating func advance(
    _ front: [(number: Int, state: State)]
  ) -> [(number: Int, state: State)] {
    var next: [(number: Int, state: State)] = []
    for (number, state) in front {
      for step in state.steps {
        report.steps += 1
        var successor = state
        let isNew: Bool
        do throws(Flaw) {
          try successor.take(step)
          isNew = marks.insert(successor.mark).inserted
          if isNew { try successor.check() }
        } catch {
          report.flaw = error
          report.history = history(of: number) + [step]
          return []
        }
        guard isNew else { continue }
        report.states += 1
        if report.states > limit {
          report.isCutShort = true
          return []
        }
        origins.append((number, step))
        next.append((origins.count - 1, successor))
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
