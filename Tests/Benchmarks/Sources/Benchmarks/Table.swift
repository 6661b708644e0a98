import Foundation

/// Prints results: one row for each figure.
struct Table {
  private static let widths = [22, 20, 11, 21, 11, 7, 11, 7]

  static func header() {
    row(["benchmark", "figure", "ours", "lowest to highest", "peer", "ratio", "goal", ""])
  }

  /// A benchmark that can't be measured here.
  static func skip(_ benchmark: Benchmark, _ reason: String) {
    row([benchmark.name, "not measured: \(reason)"])
  }

  /// `ours` and `peer` have a value for each run.
  static func print(_ benchmark: Benchmark, ours: [[String: Double]], peer: [[String: Double]]) {
    for figure in benchmark.figures {
      let values = ours.compactMap { $0[figure.name] }.sorted()
      let other = peer.compactMap { $0[figure.name] }.sorted()
      guard let low = values.first, let high = values.last else {
        if !other.isEmpty {
          row([benchmark.name, figure.name, "", "", format(median(other), figure.unit)])
        }
        continue
      }
      let own = median(values)
      let ratio = other.isEmpty ? nil : own / median(other)
      row([
        benchmark.name, figure.name, format(own, figure.unit),
        values.count > 1 ? "\(format(low, figure.unit)) to \(format(high, figure.unit))" : "",
        other.isEmpty ? "" : format(median(other), figure.unit),
        ratio.map { String(format: "%.2f", $0) } ?? "", goal(figure),
        verdict(figure, own, other.isEmpty ? nil : median(other)),
      ])
    }
  }

  private static func verdict(_ figure: Benchmark.Figure, _ own: Double, _ peer: Double?) -> String
  {
    var isMet: [Bool] = []
    if let aim = figure.aim { isMet.append(figure.risesWithQuality ? own >= aim : own <= aim) }
    if let aim = figure.ratioAim, let peer {
      isMet.append(figure.risesWithQuality ? own / peer >= aim : own / peer <= aim)
    }
    if let aim = figure.aimBeyond, let peer { isMet.append(own - peer <= aim) }
    return isMet.isEmpty ? "" : isMet.allSatisfy(\.self) ? "met" : "MISSED"
  }

  private static func goal(_ figure: Benchmark.Figure) -> String {
    let own = figure.aim.map { format($0, figure.unit) }
    let ratio = figure.ratioAim.map { String(format: "%.1fx", $0) }
    let beyond = figure.aimBeyond.map { "+" + format($0, figure.unit) }
    return [own, ratio, beyond].compactMap(\.self).joined(separator: " ")
  }

  private static func median(_ sorted: [Double]) -> Double {
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  private static func format(_ value: Double, _ unit: Benchmark.Figure.Unit) -> String {
    switch unit {
    case .perSecond where value >= 1e6: String(format: "%.2f M/s", value / 1e6)
    case .perSecond: String(format: "%.1f k/s", value / 1e3)
    case .nanoseconds: String(format: "%.0f ns", value)
    case .microseconds where value >= 1e4: String(format: "%.1f ms", value / 1e3)
    case .microseconds: String(format: "%.1f us", value)
    case .milliseconds: String(format: "%.2f ms", value)
    case .bytes where value >= 1e6: String(format: "%.1f MiB", value / 1_048_576)
    case .bytes: String(format: "%.1f B", value)
    case .count: String(format: "%.0f", value)
    case .ratio: String(format: "%.2f", value)
    }
  }

  private static func row(_ cells: [String]) {
    let padded = zip(cells, widths).map { cell, width in
      cell + String(repeating: " ", count: max(1, width - cell.count))
    }
    Swift.print(padded.joined())
    fflush(nil)
  }
}
