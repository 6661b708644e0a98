internal import Tend

/// Reads the fields of a spec that the schema has accepted, and collects all that is wrong.
///
/// What it gives for a wrong field is never used: `finish` throws.
struct SpecReader {
  let spec: Value
  private let place: (String) -> Place?
  private(set) var mistakes = Diagnostics()

  init(_ spec: Value, place: @escaping (String) -> Place?) {
    self.spec = spec
    self.place = place
  }

  mutating func refuse(_ field: String, _ message: String, remedy: String) {
    mistakes.append(
      Diagnostic(.invalidValue, at: place(field), "\(field) \(message)", remedy: remedy))
  }

  func value(_ path: String) -> Value? {
    guard let value = spec.value(at: path), value != .null else { return nil }
    return value
  }

  func text(_ path: String) -> String? {
    if case .string(let text)? = value(path) { text } else { nil }
  }

  func integer(_ path: String) -> Int64? {
    if case .integer(let number)? = value(path) { number } else { nil }
  }

  func flag(_ path: String) -> Bool { value(path) == .boolean(true) }

  func texts(_ path: String) -> [String] {
    guard case .list(let values)? = value(path) else { return [] }
    return values.map { if case .string(let text) = $0 { text } else { "" } }
  }

  /// A duration in nanoseconds.
  func duration(_ path: String, default usual: Int64) -> Int64 {
    text(path).flatMap { Duration($0) }?.nanoseconds ?? usual
  }

  func entries(_ path: String) -> [Value.Fields.Entry] {
    if case .map(let fields)? = value(path) { fields.entries } else { [] }
  }
}
