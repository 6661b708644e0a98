/// Many of one sort as JSON: `{"apiVersion": "tend/v1", "items": […]}`.
public struct ItemList<Item: Codable & Sendable>: Codable, Sendable {
  /// Always `tend/v1`.
  public var apiVersion: String
  /// Each of them, in order.
  public var items: [Item]

  /// Lists items.
  public init(_ items: [Item]) {
    apiVersion = "tend/v1"
    self.items = items
  }
}
