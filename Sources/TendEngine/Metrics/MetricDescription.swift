/// One metric: its name, what it counts, and by what it is told apart.
///
/// Names follow Prometheus: `tend_` in front, the unit behind, `_total` for what only grows.
public struct MetricDescription: Sendable, Hashable {
  /// How its values are read.
  public enum Kind: String, Sendable, Hashable {
    /// Only grows, from 0 at each start.
    case counter
    /// The value of this moment.
    case gauge
    /// How often a duration, in seconds, fell below each of some bounds.
    case histogram
  }

  /// Its name.
  public let name: String
  /// How its values are read.
  public let kind: Kind
  /// The names of its labels; each has few values, which an engine's configuration decides.
  public let labels: [String]
  /// What it counts, in a sentence.
  public let summary: String

  /// Describes a metric.
  public init(_ kind: Kind, _ name: String, labels: [String] = [], _ summary: String) {
    self.kind = kind
    self.name = name
    self.labels = labels
    self.summary = summary
  }
}
