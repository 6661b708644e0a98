/// Which object: the name of its API and its path, or what stands for it until the server names it.
public struct ObjectID: Sendable, Hashable, LosslessStringConvertible {
  /// As it stands in the inventory: `broker /queues/%2F/orders`.
  public let description: String

  /// Takes what `description` gives.
  public init(_ description: String) {
    self.description = description
  }
}
