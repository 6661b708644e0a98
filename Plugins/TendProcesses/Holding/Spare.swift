private import CTendProcesses

/// Descriptors that are kept back for what must not fail for want of them: to end processes, and to
/// see whether something of them is left.
final class Spare {
  private let model: Descriptor
  private var kept: [Descriptor] = []

  static let count = 8

  /// Copies of a descriptor; those that there is no room for come once there is.
  init(_ model: Descriptor) {
    self.model = model
    refill()
  }

  /// Does something that needs at most as many, and keeps none of them.
  func lend<Answer>(_ body: () -> Answer) -> Answer {
    kept = []
    defer { refill() }
    return body()
  }

  private func refill() {
    while kept.count < Self.count, let one = try? Descriptor(tend_duplicate(model.raw)) {
      kept.append(one)
    }
  }
}
