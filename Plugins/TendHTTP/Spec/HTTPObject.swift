public import Tend

/// One thing in a service, as it is.
public struct HTTPObject: Resource {
  /// One reference, since it is handed around for every look.
  private let parts: Parts

  /// Which one.
  public var id: ObjectID { parts.id }
  /// How it is found and deleted.
  public var memory: ObjectMemory { parts.memory }
  /// As the service shows it; nil where it shows nothing.
  var value: Value? { parts.value ?? parts.item?.value }
  /// The item of a list that it is, where it stood in one.
  var item: List.Item? { parts.item }
  /// What a write names so that it overwrites nothing newer.
  var entityTag: String? { parts.entityTag }
  /// Whether it stood in a list, which has no entity tags.
  var isListed: Bool { parts.isListed }
  /// For whatever of `value` is shown.
  var mask: Mask { parts.mask }
  /// A keyed digest of the secrets as they are now.
  var digest: String? { parts.digest }

  init(
    id: ObjectID, memory: ObjectMemory, value: Value?, item: List.Item? = nil,
    entityTag: String? = nil, isListed: Bool = false, mask: Mask = Mask(), digest: String? = nil
  ) {
    parts = Parts(id, memory, value, item, entityTag, isListed, mask, digest)
  }

  /// What the server calls it, and where.
  public var details: [Detail] {
    var details: [Detail] = []
    if let url = memory.recipe.read?.address(memory.identity) {
      details.append(Detail("url", url.description))
    }
    if let identity = memory.identity { details.append(Detail("identity", identity)) }
    return details
  }
}

/// What was seen of an object.
private final class Parts: Sendable {
  let id: ObjectID
  let memory: ObjectMemory
  let value: Value?
  let item: List.Item?
  let entityTag: String?
  let isListed: Bool
  let mask: Mask
  let digest: String?

  init(
    _ id: ObjectID, _ memory: ObjectMemory, _ value: Value?, _ item: List.Item?,
    _ entityTag: String?, _ isListed: Bool, _ mask: Mask, _ digest: String?
  ) {
    self.id = id
    self.memory = memory
    self.value = value
    self.item = item
    self.entityTag = entityTag
    self.isListed = isListed
    self.mask = mask
    self.digest = digest
  }
}
