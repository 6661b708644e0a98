/// A value that many objects have in common, kept once.
///
/// Copying it costs no more than counting a reference, and two that share one value are equal
/// without a comparison. It is encoded as the value itself.
@propertyWrapper
struct Shared<Value: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
  private final class Box: Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
  }

  private var box: Box

  var wrappedValue: Value {
    get { box.value }
    set { box = Box(newValue) }
  }

  /// Itself, to be handed on.
  var projectedValue: Shared<Value> {
    get { self }
    set { self = newValue }
  }

  init(wrappedValue: Value) { box = Box(wrappedValue) }

  init(projectedValue: Shared<Value>) { self = projectedValue }

  init(from decoder: any Decoder) throws { box = Box(try Value(from: decoder)) }

  func encode(to encoder: any Encoder) throws { try box.value.encode(to: encoder) }

  /// Whether both are one, not only equal.
  func isSame(as other: Shared) -> Bool { box === other.box }

  static func == (left: Shared, right: Shared) -> Bool {
    left.box === right.box || left.box.value == right.box.value
  }

  func hash(into hasher: inout Hasher) { box.value.hash(into: &hasher) }
}
