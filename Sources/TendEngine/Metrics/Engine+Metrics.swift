import Tend

extension Engine {
  /// All metrics of an engine: what it counts through swift-metrics, and what ``metricSamples()``
  /// measures.
  public static var metricDescriptions: [MetricDescription] {
    Meters.descriptions + unitDescriptions + queueDescriptions + storeDescriptions
  }

  /// How all units, queues and the store stand at this moment.
  ///
  /// Cheap: some steps for each unit and provider, none for each resource.
  public func metricSamples() -> [MetricSample] {
    let now = core.time.monotonic()
    let readings = core.world.withLock { world in
      world.units.map { UnitReading($0, now: now) }
    }
    let lanes = core.scheduler.metrics.lanes
    return readings.sorted { $0.name < $1.name }.flatMap(\.samples)
      + zip(stagingProviders, lanes).flatMap { Self.samples(of: $1, provider: $0.name) }
      + [
        MetricSample("tend_store_pending_writes", [], .number(Double(core.ledger.pending))),
        MetricSample("tend_store_failing", [], .number(core.ledger.failure == nil ? 0 : 1)),
      ]
  }

  private static let storeDescriptions = [
    MetricDescription(
      .gauge, "tend_store_pending_writes",
      "Writes that were handed to the store and are not durable yet."),
    MetricDescription(
      .gauge, "tend_store_failing", "1 where the store's last write failed, else 0."),
  ]

  // MARK: Units

  private static let unitDescriptions = [
    MetricDescription(
      .gauge, "tend_unit_info", labels: ["unit", "revision"],
      "Always 1; the label says which revision is kept up."),
    MetricDescription(
      .gauge, "tend_unit_ready", labels: ["unit"], "1 where a unit is Ready, else 0."),
    MetricDescription(
      .gauge, "tend_unit_stalled", labels: ["unit"],
      "1 where a unit takes in nothing newer, or one of its resources is Stalled; else 0."),
    MetricDescription(
      .gauge, "tend_resources", labels: ["unit", "state"],
      "Resources that are ready, progressing, stalled, or leaving because nothing declares them."),
    MetricDescription(
      .gauge, "tend_resources_drifting", labels: ["unit"],
      "Resources that are known to differ and are not repaired now: observed only, or contested."),
    MetricDescription(
      .gauge, "tend_deletions_held", labels: ["unit"],
      "Deletions of a refused revision, and those that wait until the rest of a unit succeeds."),
    MetricDescription(
      .gauge, "tend_refresh_age_seconds", labels: ["unit"],
      "How long ago a unit's source last answered."),
  ]

  /// What is measured of one unit.
  private struct UnitReading {
    let name: String
    private let revision: String?
    private let weight: Weight
    private let isReady: Bool
    private let isStalled: Bool
    private let held: Int
    private let age: Duration?

    init(_ state: UnitState, now: Duration) {
      name = state.unit.name
      revision = state.record.accepted?.id
      weight = state.weight
      let isKnown = state.intake != nil || weight.settled > 0
      isReady = isKnown && state.problem == nil && weight.unsettled == 0 && weight.doomed == 0
      isStalled = state.problem != nil || weight.stalled > 0
      held = (state.record.refused?.count ?? 0) + (state.holdsDeletions ? weight.doomed : 0)
      age = state.lastRefresh.map { now - $0 }
    }

    var samples: [MetricSample] {
      let stalledDeclared = min(weight.stalled, weight.unsettled)
      var samples = [
        gauge("tend_unit_ready", isReady ? 1 : 0), gauge("tend_unit_stalled", isStalled ? 1 : 0),
        gauge("tend_resources", weight.settled, state: "ready"),
        gauge("tend_resources", weight.unsettled - stalledDeclared, state: "progressing"),
        gauge("tend_resources", weight.stalled, state: "stalled"),
        gauge(
          "tend_resources", weight.doomed - (weight.stalled - stalledDeclared), state: "leaving"),
        gauge("tend_resources_drifting", weight.drifting), gauge("tend_deletions_held", held),
      ]
      if let revision {
        samples.append(
          MetricSample(
            "tend_unit_info", [.init("unit", name), .init("revision", revision)], .number(1)))
      }
      if let age {
        samples.append(
          MetricSample("tend_refresh_age_seconds", [.init("unit", name)], .number(age.seconds)))
      }
      return samples
    }

    private func gauge(_ metric: String, _ value: Int, state: String? = nil) -> MetricSample {
      var labels = [MetricSample.Label("unit", name)]
      if let state { labels.append(.init("state", state)) }
      return MetricSample(metric, labels, .number(Double(value)))
    }
  }

  // MARK: Queues

  private static let queueDescriptions = [
    MetricDescription(
      .gauge, "tend_queue_ready", labels: ["provider"],
      "Resources that are to be reconciled now and wait for a worker."),
    MetricDescription(
      .gauge, "tend_queue_waiting", labels: ["provider"],
      "Resources that wait until their next reconcile is due."),
    MetricDescription(
      .gauge, "tend_queue_running", labels: ["provider"], "Resources that workers hold."),
    MetricDescription(
      .gauge, "tend_queue_oldest_seconds", labels: ["provider"],
      "For how long the resource that waits longest for a worker has done so."),
    MetricDescription(
      .histogram, "tend_queue_wait_seconds", labels: ["provider"],
      "How long resources waited for a worker."),
  ]

  /// Buckets of the scheduler's histogram that are worth a line: 65 µs, 1 ms, … 18 minutes.
  private static let shownBuckets = [6, 10, 13, 16, 20, 23, 26, 30]

  private static func samples(
    of lane: Scheduler.LaneMetrics, provider: String
  ) -> [MetricSample] {
    let labels = [MetricSample.Label("provider", provider)]
    func gauge(_ name: String, _ value: Double) -> MetricSample {
      MetricSample(name, labels, .number(value))
    }
    let buckets = shownBuckets.map { last in
      MetricSample.Distribution.Bucket(
        bound: Scheduler.Histogram.bound(ofBucket: last).seconds,
        count: lane.waits.counts[...last].reduce(0, &+))
    }
    let waits = MetricSample.Distribution(
      buckets: buckets, count: lane.waits.total, sum: Double(lane.counts.waited) / 1e9)
    return [
      gauge("tend_queue_ready", Double(lane.ready)),
      gauge("tend_queue_waiting", Double(lane.waiting)),
      gauge("tend_queue_running", Double(lane.running)),
      gauge("tend_queue_oldest_seconds", lane.oldestReady.seconds),
      MetricSample("tend_queue_wait_seconds", labels, .distribution(waits)),
    ]
  }
}

extension Duration {
  /// As metrics say it.
  fileprivate var seconds: Double { self / .seconds(1) }
}
