import CoreMetrics
import Tend

/// What the engine counts as it happens, through swift-metrics.
///
/// A label's values are the names of providers, of followed units, and of the few actions, causes
/// and codes that there are.
struct Meters: Sendable {
  static let descriptions = [
    MetricDescription(
      .counter, "tend_reconciles_total", labels: ["provider"],
      "Reconciles that ended, whether anything was to be done or not."),
    MetricDescription(
      .counter, "tend_changes_total", labels: ["provider", "action", "cause"],
      "Changes that were made: create, update, replace or delete, because of a revision, of drift,"
        + " of a failure before, or of a request."),
    MetricDescription(
      .counter, "tend_failures_total", labels: ["provider", "code"],
      "Reconciles that failed, by the error's code."),
    MetricDescription(
      .histogram, "tend_pass_seconds", labels: ["provider"],
      "How long a reconcile took that had more to do than to see that nothing has changed."),
    MetricDescription(
      .histogram, "tend_change_seconds", labels: ["provider"],
      "How long a provider took to make a change."),
    MetricDescription(
      .histogram, "tend_drift_seconds", labels: ["provider"],
      "How long drift lasted: from when it was reported, or a resync was due, to its repair."),
    MetricDescription(
      .counter, "tend_refreshes_total", labels: ["unit", "result"],
      "Times that a unit's source was asked, for Git a fetch each: unchanged, changed, invalid, or"
        + " failed."),
    MetricDescription(
      .histogram, "tend_refresh_seconds", labels: ["unit"],
      "How long a unit's source took to answer."),
    MetricDescription(
      .counter, "tend_revisions_total", labels: ["unit", "state"],
      "Revisions that were accepted, refused or invalid, and those that converged."),
  ]

  private let factory: any MetricsFactory
  private let providers: [String]
  private let reconciles: [Counter]
  private let passes: [Timer]
  private let changes: [Timer]
  private let drift: [Timer]

  init(providers: [String], factory: any MetricsFactory) {
    self.factory = factory
    self.providers = providers
    func timers(_ name: String) -> [Timer] {
      providers.map { Timer(label: name, dimensions: [("provider", $0)], factory: factory) }
    }
    reconciles = providers.map {
      Counter(label: "tend_reconciles_total", dimensions: [("provider", $0)], factory: factory)
    }
    passes = timers("tend_pass_seconds")
    changes = timers("tend_change_seconds")
    drift = timers("tend_drift_seconds")
  }

  func reconciled(_ count: Int, by provider: Int) {
    reconciles[provider].increment(by: count)
  }

  func passed(in duration: Duration, by provider: Int) {
    passes[provider].recordNanoseconds(duration.nanoseconds)
  }

  func changed(
    _ action: PlannedChange.Action, because cause: Event.Cause, in duration: Duration,
    by provider: Int
  ) {
    changes[provider].recordNanoseconds(duration.nanoseconds)
    count(
      "tend_changes_total",
      [
        ("provider", providers[provider]), ("action", action.rawValue),
        ("cause", cause.rawValue),
      ])
  }

  func repaired(after duration: Duration, by provider: Int) {
    drift[provider].recordNanoseconds(duration.nanoseconds)
  }

  func failed(_ code: ProviderError.Code, by provider: Int) {
    count("tend_failures_total", [("provider", providers[provider]), ("code", "\(code)")])
  }

  func refreshed(_ unit: String, _ result: RefreshResult, in duration: Duration) {
    count("tend_refreshes_total", [("unit", unit), ("result", result.rawValue)])
    Timer(label: "tend_refresh_seconds", dimensions: [("unit", unit)], factory: factory)
      .recordNanoseconds(duration.nanoseconds)
  }

  func revision(of unit: String, became state: RevisionFate) {
    count("tend_revisions_total", [("unit", unit), ("state", state.rawValue)])
  }

  /// What is rare is looked up each time.
  private func count(_ name: String, _ labels: [(String, String)]) {
    Counter(label: name, dimensions: labels, factory: factory).increment()
  }

  enum RefreshResult: String {
    case unchanged, changed, invalid, failed
  }

  enum RevisionFate: String {
    case accepted, converged, refused, invalid
  }
}
