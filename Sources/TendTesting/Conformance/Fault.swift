/// One thing that goes wrong at one boundary of a pass.
struct Fault: Sendable, Hashable, CustomStringConvertible {
  /// What goes wrong.
  enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The process dies before it happens.
    case crashBefore = "crash before"
    /// The process dies after it happened.
    case crashAfter = "crash after"
    /// It does not happen, and the caller is told so.
    case failure = "failure of"
    /// It happens, and the caller is told that it did not.
    case lostReply = "lost reply to"
    /// The deadline passes, and the call is cancelled.
    case cancellation = "cancellation at"
    /// It happens within the deadline, and takes most of the time until then.
    case slowness = "slow answer to"
    /// A read answers what it answered last.
    case staleRead = "stale answer to"
    /// A read answers what it answered some times ago: answers overtook each other.
    case overtakenRead = "overtaken answer to"
  }

  let kind: Kind
  /// Which boundary of the pass, counted from 0.
  let boundary: Int
  /// What the boundary is called, for people.
  let name: String

  var description: String { "\(kind.rawValue) \(name)" }
}

/// A point between the provider and its world at which something can go wrong.
struct Boundary: Sendable, Hashable {
  /// What passes there.
  enum Kind: Sendable, Hashable {
    case read, change, journal, pause
  }

  let kind: Kind
  let name: String

  /// What can go wrong there.
  var faults: [Fault.Kind] {
    switch kind {
    case .read:
      [.crashBefore, .failure, .cancellation, .slowness, .staleRead, .overtakenRead]
    case .change:
      [.crashBefore, .crashAfter, .failure, .lostReply, .cancellation, .slowness]
    case .journal: [.crashBefore, .crashAfter, .failure]
    case .pause: [.crashBefore, .cancellation]
    }
  }
}
