public import Tend

/// One thing in a service, as it is.
public struct HTTPObject: Resource {
  /// Which one.
  public let id: ObjectID
  /// How it is found and deleted.
  public let memory: ObjectMemory
  /// As the service shows it; nil where it shows nothing.
  let value: Value?
  /// What a write names so that it overwrites nothing newer.
  var entityTag: String?
  /// Whether it stood in a list, which has no entity tags.
  var isListed = false
  /// For whatever of `value` is shown.
  var mask = Mask()
  /// A keyed digest of the secrets as they are now.
  var digest: String?

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
