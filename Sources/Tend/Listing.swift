/// Observes many with few requests.
///
/// What is looked at on its interval alone comes due together with all of its group.
public protocol Listing<Desired>: Provider {
  /// Targets of one group are observed together; nil: by itself.
  func group(of target: Target<Desired>) -> String?

  /// All of these targets at once. What the answer lacks is absent; throws where it is incomplete.
  ///
  /// They are as many of one group as are at their turn together: at most 64, and sometimes one
  /// alone. Where the group has more, the next call follows at once. Asked after many of a group
  /// were changed, too; what is not as desired then is observed by itself before it is believed.
  func observe(
    all targets: [Target<Desired>], _ context: Context
  ) async throws(ProviderError) -> [Desired.ID: Desired.Subject]

  /// Gathers rows by their groups; compiled in the provider's module, which makes it fast.
  ///
  /// `row` is nil for those that are observed by themselves. Not for authors: the default is right
  /// for every provider.
  func _gather(
    _ count: Int, _ row: (Int) -> UnsafePointer<Row<Desired>>?
  ) -> [ListGroup<Desired>]

  /// What there is of the targets of a group, in their order.
  ///
  /// Not for authors: the default is right for every provider.
  func _observe(
    _ group: ListGroup<Desired>, _ context: Context
  ) async throws(ProviderError) -> [Desired.Subject?]
}

extension Listing {
  /// Asks for the group of each.
  @inlinable
  public func _gather(
    _ count: Int, _ row: (Int) -> UnsafePointer<Row<Desired>>?
  ) -> [ListGroup<Desired>] {
    var groups: [ListGroup<Desired>] = []
    for position in 0..<count {
      guard let row = row(position) else { continue }
      let target = Target(
        id: row.pointee.id, desired: row.pointee.desired, memory: row.pointee.memory)
      if let name = group(of: target) {
        ListGroup.add(target, at: position, to: name, of: &groups)
      }
    }
    return groups
  }

  /// Observes them all at once.
  @inlinable
  public func _observe(
    _ group: ListGroup<Desired>, _ context: Context
  ) async throws(ProviderError) -> [Desired.Subject?] {
    let found = try await observe(all: group.targets, context)
    return group.targets.map { found[$0.id] }
  }
}

/// Those at their turn together that are observed together.
public struct ListGroup<Desired: DesiredState>: Sendable {
  /// Its name.
  public let name: String
  /// Where each stands among those at their turn.
  public var positions: [Int] = []
  /// What is to be observed.
  public var targets: [Target<Desired>] = []

  /// An empty group.
  @inlinable
  public init(_ name: String) { self.name = name }

  /// One more of the group.
  @inlinable
  public mutating func add(_ target: Target<Desired>, at position: Int) {
    positions.append(position)
    targets.append(target)
  }

  /// One more of the group with this name, which is made where there is none yet.
  @inlinable
  public static func add(
    _ target: Target<Desired>, at position: Int, to name: String, of groups: inout [ListGroup]
  ) {
    let index = groups.firstIndex { $0.name == name } ?? groups.endIndex
    if index == groups.endIndex { groups.append(ListGroup(name)) }
    groups[index].add(target, at: position)
  }
}
