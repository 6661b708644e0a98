import CoreMetrics
import Tend
public import TendEngine

/// All metrics of an agent: its engine's, and those of its process.
public struct AgentMetrics: Sendable {
  private let registry: MetricRegistry
  private let version: String
  private let start = Timestamp.wallClock

  init(version: String) {
    self.version = version
    registry = MetricRegistry(Self.descriptions)
  }

  /// Where the engine counts: here, and in what the process has set up for swift-metrics.
  var factory: any MetricsFactory {
    MultiplexMetricsHandler(factories: [MetricsSystem.factory, registry])
  }

  /// Every metric that an agent may show.
  public static var descriptions: [MetricDescription] {
    Engine.metricDescriptions + ProcessUsage.descriptions + [
      MetricDescription(
        .gauge, "tend_agent_info", labels: ["version"],
        "Always 1; the label says which version of the agent runs.")
    ]
  }

  /// All of them at this moment, in Prometheus' text format 0.0.4.
  func text(of engine: Engine) -> String {
    let info = MetricSample("tend_agent_info", [.init("version", version)], .number(1))
    return Exposition.text(
      Self.descriptions,
      registry.samples + engine.metricSamples() + ProcessUsage.samples(since: start) + [info])
  }
}
