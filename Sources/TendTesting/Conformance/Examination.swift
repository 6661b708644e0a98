internal import Tend
internal import TendEngine

/// Makes the histories, runs each, and keeps the smallest that breaks a law.
struct Examination<World: TrialWorld, P: Provider>: Sendable {
  typealias ATrial = Trial<World, P>

  private let settings: Conformance.Settings
  private let world: @Sendable () async throws -> World
  private let provider: @Sendable (World, Faults) async throws -> P
  private let samples: Samples<P>
  private let pairs: [(first: Int, second: Int)]
  private var report = ConformanceReport()
  /// The contents of a world in which this is declared and nothing ever went wrong.
  private var expected: [[Int?]: [String]] = [:]

  init(
    _ settings: Conformance.Settings, _ world: @escaping @Sendable () async throws -> World,
    _ provider: @escaping @Sendable (World, Faults) async throws -> P, _ samples: Samples<P>
  ) {
    self.settings = settings
    self.world = world
    self.provider = provider
    self.samples = samples
    pairs = Self.pairs(of: samples.resources.count, seed: settings.seed)
  }

  mutating func run() async throws -> ConformanceReport {
    if let found = SchemaTrial(samples: samples, alternatives: settings.alternatives)
      .disagreement()
    {
      add(Breach(law: .schemaAgrees, what: found, history: [], seed: nil))
    }
    for steps in calm() { try await check(steps) }
    // Where it does not converge in peace, all else would only say so again.
    guard !isBroken(.convergesInOnePass), !isBroken(.observeLeavesNoTrace) else { return report }
    try await checkPlans()
    try await checkLists()
    let allPairs = samples.resources.count * (samples.resources.count - 1) / 2
    if allPairs > pairs.count {
      report.untried.append(
        "\(allPairs - pairs.count) of \(allPairs) pairs of resources beside each other")
    }
    for steps in disturbed() { try await check(steps) }
    try await checkFaults()
    for steps in atOnce() { try await check(steps) }
    try await checkDrawn()
    return report
  }

  private func isBroken(_ law: Law) -> Bool { report.breaches.contains { $0.law == law } }

  private mutating func add(_ breach: Breach) {
    if !isBroken(breach.law) { report.breaches.append(breach) }
  }

  // MARK: Systematic histories, from small to large

  private var cases: [(resource: Int, sample: Int)] {
    samples.resources.enumerated().flatMap { resource, item in
      item.variants.indices.map { (resource, $0) }
    }
  }

  /// All ways from one sample of a resource to another.
  private var moves: [(resource: Int, from: Int, to: Int)] {
    cases.flatMap { resource, from in
      samples.resources[resource].variants.indices.filter { $0 != from }.prefix(3)
        .map { (resource, from, $0) }
    }
  }

  private func standing(_ resource: Int, _ sample: Int) -> [Step] {
    [.declare(resource, sample: sample), .pass(resource, nil)]
  }

  /// Nothing goes wrong.
  private func calm() -> [[Step]] {
    cases.map { standing($0, $1) }
      + moves.map { standing($0, $1) + standing($0, $2) }
      + cases.map { standing($0, $1) + [.withdraw($0), .pass($0, nil)] }
      + (samples.resources.count < 2
        ? [] : [samples.resources.indices.flatMap { standing($0, 0) }])
  }

  /// Something happens between the passes.
  private func disturbed() -> [[Step]] {
    var histories: [[Step]] = []
    for (resource, sample) in cases {
      let begun = standing(resource, sample)
      histories.append(begun + [.again(resource)])
      histories.append(begun + [.restart, .pass(resource, nil)])
      histories.append(begun + [.outside(resource, sample: nil), .pass(resource, nil)])
      histories.append(begun + [.withdraw(resource), .pass(resource, nil), .again(resource)])
      histories.append(
        begun + [.withdraw(resource), .pass(resource, nil)] + standing(resource, sample))
    }
    for (resource, from, to) in moves {
      let begun = standing(resource, from)
      histories.append(begun + [.outside(resource, sample: to), .pass(resource, nil)])
      histories.append(begun + standing(resource, to) + [.again(resource)])
      histories.append(begun + standing(resource, to) + [.late(resource)])
    }
    for (first, second) in pairs {
      for (other, resource) in [(first, second), (second, first)] {
        for sample in samples.resources[resource].variants.indices {
          histories.append(
            standing(other, 0) + standing(resource, sample)
              + [.withdraw(resource), .pass(resource, nil)])
        }
      }
    }
    return histories
  }

  /// More pairs of resources than this would only say again what these say: each of a hundred
  /// resources beside the next one, and as many that chance draws.
  private static var mostPairs: Int { 200 }

  /// All pairs of few resources, some of many.
  private static func pairs(of count: Int, seed: UInt64) -> [(first: Int, second: Int)] {
    guard count * (count - 1) / 2 > mostPairs else {
      return (0..<count).flatMap { first in
        (first + 1..<max(first + 1, count)).map { (first, $0) }
      }
    }
    var pairs = (1..<min(count, mostPairs / 2 + 1)).map { (first: $0 - 1, second: $0) }
    var draw = Draw([], seed: seed)
    while pairs.count < mostPairs {
      let (one, other) = (draw.below(count), draw.below(count))
      if one != other { pairs.append((min(one, other), max(one, other))) }
    }
    return pairs
  }

  /// Passes of two at once.
  private func atOnce() -> [[Step]] {
    var histories: [[Step]] = []
    for (first, second) in pairs {
      let declared: [Step] = [.declare(first, sample: 0), .declare(second, sample: 0)]
      for seed in 0..<4 as Range<UInt64> {
        let together = Step.together([first, second], seed: seed)
        histories.append(declared + [together])
        histories.append(
          declared + [together, .withdraw(first), .together([first, second], seed: seed + 10)])
        if samples.resources[second].variants.count > 1 {
          histories.append(
            declared + [together, .withdraw(first), .declare(second, sample: 1)]
              + [.together([first, second], seed: seed + 20)])
        }
      }
    }
    return histories
  }

  /// Every fault at every boundary of every kind of pass.
  private mutating func checkFaults() async throws {
    let begun =
      cases.map { (steps: [Step.declare($0, sample: $1)], resource: $0) }
      + moves.map { (steps: standing($0, $1) + [.declare($0, sample: $2)], resource: $0) }
      + cases.map { (steps: standing($0, $1) + [.withdraw($0)], resource: $0) }
      + cases.map { (steps: standing($0, $1), resource: $0) }
      + moves.map { (steps: standing($0, $1) + standing($0, $2), resource: $0) }
    var changes = 0
    for (steps, resource) in begun {
      let trial = try await trial(of: steps + [.pass(resource, nil)])
      report.boundaries += trial.boundaries.count
      changes += trial.boundaries.count { $0.kind == .change }
      for (index, boundary) in trial.boundaries.enumerated() {
        for kind in boundary.faults {
          let fault = Fault(kind: kind, boundary: index, name: boundary.name)
          try await check(steps + [.pass(resource, fault)])
        }
      }
    }
    if changes == 0 {
      report.untried.append(
        "faults within apply: its effects do not pass through Faults.change, so a crash was tried "
          + "between calls only")
    }
  }

  // MARK: Laws that need another question

  private mutating func checkPlans() async throws {
    for (resource, from, to) in moves {
      let steps = standing(resource, from)
      let count = try await trial(of: steps).differenceCount(resource, to: to)
      for dropped in 0..<(count > 1 ? min(count, 10) : 0) {
        var trial = try await trial(of: steps)
        await trial.checkPlan(resource, to: to, without: dropped)
        add(trial, steps + [.declare(resource, sample: to)])
      }
    }
  }

  private mutating func checkLists() async throws {
    let all = samples.resources.indices.flatMap { standing($0, 0) }
    for steps in [[], standing(0, 0), all] {
      var trial = try await trial(of: steps)
      await trial.checkListing()
      add(trial, steps)
    }
  }

  // MARK: Drawn histories

  private mutating func checkDrawn() async throws {
    for number in 0..<settings.drawn {
      try Task.checkCancellation()
      let seed = settings.seed &+ UInt64(number)
      var draw = Draw(samples.resources.map(\.variants.count), seed: seed)
      let steps = draw.history()
      let found = try await breaches(of: steps)
      for (law, what) in found where !isBroken(law) {
        let (smallest, last) = try await shrink(steps, law, what)
        add(Breach(law: law, what: last, history: text(smallest), seed: seed))
      }
    }
  }

  /// Leaves out whatever may be left out while the same law breaks.
  private mutating func shrink(
    _ steps: [Step], _ law: Law, _ what: String
  ) async throws -> ([Step], String) {
    var (steps, what) = (steps, what)
    var index = steps.count - 1
    while index >= 0 {
      var fewer = steps
      fewer.remove(at: index)
      if let found = try await breaches(of: fewer).first(where: { $0.law == law }) {
        (steps, what) = (fewer, found.what)
      }
      index -= 1
    }
    return (steps, what)
  }

  // MARK: Running

  /// Runs a history, then everything to its end, and keeps what was broken.
  private mutating func check(_ steps: [Step]) async throws {
    try Task.checkCancellation()
    for (law, what) in try await breaches(of: steps) where !isBroken(law) {
      add(Breach(law: law, what: what, history: text(steps), seed: nil))
    }
  }

  private mutating func breaches(of steps: [Step]) async throws -> [(law: Law, what: String)] {
    var trial = try await trial(of: steps)
    report.faults += trial.faults
    guard trial.breaches.isEmpty else { return trial.breaches }
    let law = steps.compactMap(\.law).last ?? .convergesInOnePass
    try await trial.settle(law)
    guard trial.breaches.isEmpty else { return trial.breaches }
    try await trial.checkQuiet()
    try await trial.compare(with: reference(trial.declared), law)
    return trial.breaches
  }

  private mutating func trial(of steps: [Step]) async throws -> ATrial {
    var trial = try await ATrial(in: world(), settings, knowing: samples, provider)
    report.histories += 1
    try await trial.run(steps)
    return trial
  }

  private mutating func reference(_ declared: [Int?]) async throws -> [String] {
    if let known = expected[declared] { return known }
    var trial = try await ATrial(in: world(), settings, knowing: samples, provider)
    for (resource, sample) in declared.enumerated() {
      guard let sample else { continue }
      try await trial.run(standing(resource, sample))
    }
    let contents = try await trial.world.contents()
    expected[declared] = contents
    return contents
  }

  private mutating func add(_ trial: ATrial, _ steps: [Step]) {
    for (law, what) in trial.breaches {
      add(Breach(law: law, what: what, history: text(steps), seed: nil))
    }
  }

  private func text(_ steps: [Step]) -> [String] { steps.map { $0.text(samples.names) } }
}
