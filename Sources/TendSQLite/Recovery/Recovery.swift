/// What happened to a store that was found damaged when it was opened, for the agent to say loudly.
public struct Recovery: Sendable, Hashable, CustomStringConvertible {
  /// What was wrong.
  public let cause: String
  /// The damaged files under their new names; nothing was deleted.
  public let setAside: [String]
  /// How many resources are owned again, because a copy of the inventory proves it.
  public let restored: Int
  /// Units of which a copy proves what they own.
  public let units: [String]
  /// Copies that prove nothing, by path: damaged themselves, or made with another key.
  public let unproven: [String]

  /// A few sentences for people.
  public var description: String {
    var text = cause
    if !setAside.isEmpty { text += "; it was set aside as \(setAside.joined(separator: ", "))" }
    text += "; \(restored) resources are owned again by the copies of the inventory"
    if !units.isEmpty { text += " (units \(units.joined(separator: ", ")))" }
    if !unproven.isEmpty { text += "; unproven: \(unproven.joined(separator: ", "))" }
    return text + "; whatever else is declared and exists is adopted, nothing else is touched"
  }
}
