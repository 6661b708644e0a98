import Tend

/// Steps that make durable what the runs of one batch have changed, each place once.
struct Gathering: Sendable {
  /// In the order in which they came.
  private var steps: [SettlingStep] = []
  /// Those that the run under way waits for.
  private(set) var needed: [Int] = []
  private var isOpen = false

  /// Another run begins.
  mutating func begin(_ isOpen: Bool) {
    self.isOpen = isOpen
    if !needed.isEmpty { needed = [] }
  }

  /// False where nobody would take the step later.
  mutating func add(_ step: SettlingStep) -> Bool {
    guard isOpen else { return false }
    // Runs that follow each other mostly change one place.
    let known = steps.lastIndex { $0.place === step.place } ?? steps.endIndex
    if known == steps.endIndex { steps.append(step) }
    if !needed.contains(known) { needed.append(known) }
    return true
  }

  /// All of them; from here on there are none.
  mutating func take() -> [SettlingStep] {
    defer { if !steps.isEmpty { (steps, needed) = ([], []) } }
    return steps
  }
}
