import Metrics

/// All metrics of the engine, each with what it counts.
struct Meters: Sendable {
  /// Reconciles that ended, by provider.
  let reconciles: [Counter]
  /// Changes that were made, by provider.
  let changes: [Counter]
  /// Reconciles that failed, by provider.
  let failures: [Counter]
  /// How long a reconcile took that found something to change, by provider.
  let duration: [Timer]

  init(providers: [String]) {
    func each<Metric>(_ make: (String) -> Metric) -> [Metric] { providers.map(make) }
    reconciles = each { Counter(label: "tend_reconciles_total", dimensions: [("provider", $0)]) }
    changes = each { Counter(label: "tend_changes_total", dimensions: [("provider", $0)]) }
    failures = each { Counter(label: "tend_failures_total", dimensions: [("provider", $0)]) }
    duration = each { Timer(label: "tend_change_seconds", dimensions: [("provider", $0)]) }
  }
}
