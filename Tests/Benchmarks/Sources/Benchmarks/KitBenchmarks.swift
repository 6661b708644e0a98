import TendTesting

/// What the kit for providers costs, and what it finds.
///
/// `Planted` holds the providers that its own tests are made with, by links.
enum KitBenchmarks {
  static let all = [hundred, planted]

  static let hundred = Benchmark(
    name: "kit",
    what: "the kit tries a provider that keeps all laws, with 100 resources",
    figures: [
      Benchmark.Figure(name: "wall", unit: .milliseconds, aim: 120_000),
      Benchmark.Figure(name: "histories", unit: .count, risesWithQuality: true),
      Benchmark.Figure(name: "faults", unit: .count, risesWithQuality: true),
      Benchmark.Figure(name: "alarms", unit: .count, aim: 0),
    ]
  ) { percent in
    let begin = Measure.now()
    let report = try await examine(nil, in: LargeDepot(count: max(2, Int(percent))))
    return [
      "wall": Double(Measure.now() - begin) / 1e6, "histories": Double(report.histories),
      "faults": Double(report.faults), "alarms": Double(report.breaches.count),
    ]
  }

  static let planted = Benchmark(
    name: "kit-planted",
    what: "the kit tries providers with one mistake each, and their correct twin",
    figures: [
      Benchmark.Figure(name: "planted", unit: .count, risesWithQuality: true),
      Benchmark.Figure(name: "missed", unit: .count, aim: 0),
      Benchmark.Figure(name: "alarms", unit: .count, aim: 0),
    ]
  ) { percent in
    let mistakes = Mistake.allCases.prefix(max(1, Mistake.allCases.count * Int(percent) / 100))
    var missed = 0
    for mistake in mistakes {
      let found = try await examine(mistake, in: DepotWorld()).breaches.map(\.law)
      if !found.contains(where: mistake.laws.contains) { missed += 1 }
    }
    let alarms = try await examine(nil, in: DepotWorld()).breaches.count
    return [
      "planted": Double(mistakes.count), "missed": Double(missed), "alarms": Double(alarms),
    ]
  }

  private static func examine(
    _ mistake: Mistake?, in world: some DepotHolding
  ) async throws -> ConformanceReport {
    try await TendTesting.examine(
      world: { world.emptied },
      provider: { world, faults in
        BoxProvider(client: DepotClient(depot: world.depot, faults: faults), mistake: mistake)
      })
  }
}

/// A world that is a depot.
private protocol DepotHolding: TrialWorld {
  var depot: Depot { get }
  /// The same with nothing in it.
  var emptied: Self { get }
}

extension DepotWorld: DepotHolding {
  fileprivate var emptied: Self { Self() }
}

/// A depot in which many boxes are declared.
private struct LargeDepot: DepotHolding {
  let depot = Depot()
  let count: Int

  var emptied: Self { Self(count: count) }

  var samples: [String] {
    [("red", 1, "one"), ("green", 2, "one"), ("green", 3, "two")].map { color, weight, lock in
      (0..<count).map { number in
        """
        apiVersion: depot/v1
        kind: Box
        metadata: {name: box-\(number)}
        spec:
          {label: box-\(number)-, color: \(color), weight: \(weight),
          lock: secret-\(lock), size: small}
        ---

        """
      }.joined()
    }
  }

  func contents() async throws -> [String] {
    depot.boxes.map { "\($0.label) \($0.color) \($0.weight) \($0.lock) \($0.size)" }.sorted()
  }
}
