import Tend

/// The units of a configuration in an order in which each comes after those that it depends on.
///
/// Pure.
struct UnitOrder {
  /// The names, or as many as can be ordered.
  private(set) var names: [String] = []
  /// References to what is not configured, and circles.
  private(set) var problems: [ConfigurationProblem] = []

  private let units: [UnitConfiguration]
  private var open: [Int] = []

  init(_ units: [UnitConfiguration]) {
    self.units = units
    findUnknown()
    for index in units.indices where problems.isEmpty { visit(index) }
  }

  private mutating func findUnknown() {
    let known = units.map(\.name)
    for (index, unit) in units.enumerated() {
      for (number, name) in unit.dependencies.enumerated() where !known.contains(name) {
        let meant = nearest(to: name, among: known.filter { $0 != unit.name })
        problems.append(
          ConfigurationProblem(
            "dependsOn[\(number)]", "there is no unit \(name)",
            remedy: meant.map { "did you mean \($0)?" } ?? "name a unit of this configuration"
          ).below("units", index))
      }
    }
  }

  /// Recursion as deep as there are units in a row; a configuration has few.
  private mutating func visit(_ index: Int) {
    if names.contains(units[index].name) || !problems.isEmpty { return }
    if let start = open.firstIndex(of: index) { return refuse(Array(open[start...])) }
    open.append(index)
    for name in units[index].dependencies {
      if let next = units.firstIndex(where: { $0.name == name }) { visit(next) }
    }
    open.removeLast()
    if problems.isEmpty { names.append(units[index].name) }
  }

  private mutating func refuse(_ cycle: [Int]) {
    guard let first = cycle.first else { return }
    let circle = (cycle + [first]).map { units[$0].name }.joined(separator: " -> ")
    problems.append(
      ConfigurationProblem(
        "dependsOn", "units depend on each other in a circle: \(circle)",
        remedy: "take one of the dependencies away"
      ).below("units", first))
  }
}
