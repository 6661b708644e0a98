import Foundation
import TendEngine
import TestSupport
import Testing

@testable import TendAgent

@Suite("Metrics as text")
struct ExpositionTests {
  private static let descriptions = [
    MetricDescription(.gauge, "tend_b", labels: ["unit"], "What\nit \\is."),
    MetricDescription(.counter, "tend_a_total", "Counts."),
    MetricDescription(.histogram, "tend_c_seconds", labels: ["unit"], "Times."),
    MetricDescription(.gauge, "tend_unused", "Nothing has it."),
  ]

  @Test("each metric once, in order, with help and type; labels and numbers as the format has them")
  func text() throws {
    let distribution = MetricSample.Distribution(
      buckets: [.init(bound: 0.5, count: 1), .init(bound: 1, count: 3)], count: 4, sum: 7.25)
    let text = Exposition.text(
      Self.descriptions,
      [
        MetricSample("tend_b", [.init("unit", "a\"b\\c\nd")], .number(.infinity)),
        MetricSample("tend_c_seconds", [.init("unit", "web")], .distribution(distribution)),
        MetricSample("tend_a_total", [], .number(12)),
        MetricSample("tend_b", [.init("unit", "z")], .number(-0.5)),
        MetricSample("nobody_described_it", [], .number(1)),
      ])
    #expect(
      text == #"""
        # HELP tend_a_total Counts.
        # TYPE tend_a_total counter
        tend_a_total 12
        # HELP tend_b What\nit \\is.
        # TYPE tend_b gauge
        tend_b{unit="a\"b\\c\nd"} +Inf
        tend_b{unit="z"} -0.5
        # HELP tend_c_seconds Times.
        # TYPE tend_c_seconds histogram
        tend_c_seconds_bucket{unit="web",le="0.5"} 1
        tend_c_seconds_bucket{unit="web",le="1.0"} 3
        tend_c_seconds_bucket{unit="web",le="+Inf"} 4
        tend_c_seconds_sum{unit="web"} 7.25
        tend_c_seconds_count{unit="web"} 4

        """#)
    #expect(ExpositionGrammar.mistakes(in: text) == [])
  }

  @Test(
    "what is not the format is seen by the grammar that these tests rest on",
    arguments: [
      ("tend_a 1\n", "no type"),
      ("# TYPE tend_a gauge\ntend_a 1", "no end of the last line"),
      ("# TYPE tend_a gauge\ntend_a{unit=web} 1\n", "a label without quotes"),
      ("# TYPE tend_a gauge\ntend_a{unit=\"a\"b\"} 1\n", "a quote in a label"),
      ("# TYPE tend_a gauge\ntend_a x\n", "no number"),
      ("# TYPE tend_a gauge\n# TYPE tend_a gauge\ntend_a 1\n", "a type twice"),
      ("# TYPE tend_a gauge\ntend_a 1\ntend_a 1\n", "a series twice"),
    ])
  func grammar(text: String, reason: String) {
    #expect(ExpositionGrammar.mistakes(in: text) != [], "\(reason)")
  }

  @Test("the table of the article is what the code describes")
  func table() throws {
    let rows = AgentMetrics.descriptions.sorted { $0.name < $1.name }.map { metric in
      let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
      return "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.summary) |"
    }
    let article = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/TendAgent/TendAgent.docc/Metrics.md")
    let text = try String(contentsOf: article, encoding: .utf8)
    let written = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
    #expect(written == rows, "\(rows.joined(separator: "\n"))")
  }
}
