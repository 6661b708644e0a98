/// Collects the fields in which a resource is not as desired.
///
/// A desired value of nil is a field that is not declared: it is left alone.
public struct Comparison: Sendable {
  /// What was found so far, in the order in which the fields were compared.
  public private(set) var differences: [Difference] = []

  /// Starts with no difference.
  public init() {}

  /// Compares one field.
  ///
  /// `immutable` says that the field can't be changed in place: a difference replaces the resource.
  @inlinable
  public mutating func field<T: Equatable & ValueConvertible>(
    _ path: @autoclosure () -> String, _ actual: T?, _ desired: T?, immutable: Bool = false
  ) {
    if let desired, actual != desired {
      add(path(), actual?.value, desired.value, immutable && actual != nil)
    }
  }

  /// Compares a field whose values must not be seen; `isCurrent` is nil where there is nothing yet.
  @inlinable
  public mutating func secret(_ path: @autoclosure () -> String, isCurrent: Bool?) {
    if isCurrent != true { addMasked(path(), exists: isCurrent != nil) }
  }

  /// Adds a difference that was found in another way.
  public mutating func add(_ difference: Difference) {
    differences.append(difference)
  }

  @usableFromInline
  mutating func add(_ path: String, _ actual: Value?, _ desired: Value, _ forces: Bool) {
    differences.append(
      Difference(
        path: path, actual: actual.map(Difference.Side.value) ?? .absent, desired: .value(desired),
        forcesReplacement: forces))
  }

  @usableFromInline
  mutating func addMasked(_ path: String, exists: Bool) {
    differences.append(
      Difference(path: path, actual: exists ? .masked : .absent, desired: .masked))
  }
}
