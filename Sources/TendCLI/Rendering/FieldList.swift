/// Labels and values, one pair a line, the values aligned.
struct FieldList {
  private var fields: [(label: String, value: String)] = []

  /// Adds a pair; nothing where there is no value.
  mutating func add(_ label: String, _ value: String?) {
    if let value { fields.append((label, value)) }
  }

  /// Adds several lines under one label; nothing where there is none.
  mutating func add(_ label: String, _ values: [String]) {
    for (index, value) in values.enumerated() {
      fields.append((index == 0 ? label : "", value))
    }
  }

  /// Every line indented by this many spaces.
  func text(indent: Int = 2) -> String {
    let width = fields.map(\.label.count).max() ?? 0
    let margin = String(repeating: " ", count: indent)
    return fields.map { label, value in
      margin + label + String(repeating: " ", count: width - label.count + 2) + value + "\n"
    }.joined()
  }
}
