public import Tend

/// What a unit is told besides its tree: who it is read for.
public struct ValueInputs: Sendable, Hashable {
  /// The name of the host.
  public var host: String
  /// Whether a person named the host; else it is the machine's own name.
  public var isHostGiven: Bool
  /// The unit, where it is known to the source.
  public var unit: String?
  /// The directory that all paths of the unit lie below.
  public var root: String?
  /// Values of the unit itself; they come before those of all files.
  public var values = Value.Fields()

  /// For a host; `isGiven` where a person named it.
  public init(named host: String, isGiven: Bool) {
    self.host = host
    isHostGiven = isGiven
  }

  /// What is added to the id of a revision, so that other inputs make another revision of the same
  /// tree; empty where nothing was given.
  public var mark: String {
    guard isHostGiven || root != nil || !values.entries.isEmpty else { return "" }
    let host: Value = isHostGiven ? .string(self.host) : .null
    let given = Value.list([host, root.map { .string($0) } ?? .null, .map(.init(values.sorted))])
    return "+" + SHA256.hex(Array(given.json.utf8)).prefix(12)
  }

  /// The values before any file is read.
  var beginning: Values {
    var values = Values(host: host)
    if let unit { values = values.naming(unit: unit, root: root) }
    return values
  }
}
