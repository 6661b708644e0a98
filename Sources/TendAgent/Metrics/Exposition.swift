package import TendEngine

/// Metrics as text, in Prometheus' exposition format 0.0.4.
///
/// Each metric once, in the order of names, with its HELP and TYPE; a sample that no description
/// names is left out.
package enum Exposition {
  package static func text(
    _ descriptions: [MetricDescription], _ samples: [MetricSample]
  ) -> String {
    let families = [String: [MetricSample]](grouping: samples, by: \.name)
    var text = ""
    for description in descriptions.sorted(by: { $0.name < $1.name }) {
      guard let samples = families[description.name] else { continue }
      text += "# HELP \(description.name) \(escaped(description.summary))\n"
      text += "# TYPE \(description.name) \(description.kind.rawValue)\n"
      for sample in samples { append(sample, to: &text) }
    }
    return text
  }

  private static func append(_ sample: MetricSample, to text: inout String) {
    switch sample.value {
    case .number(let number): line(sample.name, sample.labels, number, to: &text)
    case .distribution(let distribution):
      let name = sample.name + "_bucket"
      for bucket in distribution.buckets {
        line(
          name, sample.labels + [.init("le", "\(bucket.bound)")], Double(bucket.count), to: &text)
      }
      let count = Double(distribution.count)
      line(name, sample.labels + [.init("le", "+Inf")], count, to: &text)
      line(sample.name + "_sum", sample.labels, distribution.sum, to: &text)
      line(sample.name + "_count", sample.labels, count, to: &text)
    }
  }

  private static func line(
    _ name: String, _ labels: [MetricSample.Label], _ value: Double, to text: inout String
  ) {
    let list = labels.map { "\($0.name)=\"\(escaped($0.value, quote: true))\"" }
    text += name + (list.isEmpty ? "" : "{" + list.joined(separator: ",") + "}")
    text += " \(written(value))\n"
  }

  /// Whole numbers without a point, as far as a `Double` holds them exactly.
  private static func written(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    guard value == value.rounded(), abs(value) < 9e15 else { return "\(value)" }
    return "\(Int64(value))"
  }

  private static func escaped(_ text: String, quote: Bool = false) -> String {
    var result = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quote: result += "\\\""
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}
