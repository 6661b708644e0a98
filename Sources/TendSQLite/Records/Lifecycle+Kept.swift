internal import Tend

extension Lifecycle {
  /// What differs from the default, for a column of a row.
  var kept: Value {
    var fields = Value.Fields()
    if preventDelete { fields["preventDelete"] = true }
    if !ignoreDifferences.isEmpty { fields["ignoreDifferences"] = ignoreDifferences.value }
    if let interval { fields["interval"] = .integer(interval.nanoseconds) }
    if let timeout { fields["timeout"] = .integer(timeout.nanoseconds) }
    if suspend { fields["suspend"] = true }
    if let mode { fields["mode"] = .string(mode.rawValue) }
    if let deletionPolicy { fields["deletionPolicy"] = .string(deletionPolicy.rawValue) }
    return .map(fields)
  }

  /// Reads what `kept` wrote; nil for anything else, so that no protection is ever lost silently.
  init?(kept text: String?) {
    self.init()
    guard let text else { return }
    guard case .map(let fields)? = try? Value(json: text) else { return nil }
    for entry in fields.entries {
      guard take(entry.key, entry.value) else { return nil }
    }
  }

  private mutating func take(_ key: String, _ value: Value) -> Bool {
    switch (key, value) {
    case ("preventDelete", .boolean(let flag)): preventDelete = flag
    case ("suspend", .boolean(let flag)): suspend = flag
    case ("interval", .integer(let nanoseconds)): interval = .nanoseconds(nanoseconds)
    case ("timeout", .integer(let nanoseconds)): timeout = .nanoseconds(nanoseconds)
    case ("mode", .string(let text)):
      mode = Mode(rawValue: text)
      return mode != nil
    case ("deletionPolicy", .string(let text)):
      deletionPolicy = DeletionPolicy(rawValue: text)
      return deletionPolicy != nil
    case ("ignoreDifferences", .list(let paths)):
      for case .string(let path) in paths { ignoreDifferences.append(path) }
      return ignoreDifferences.count == paths.count
    default: return false
    }
    return true
  }
}
