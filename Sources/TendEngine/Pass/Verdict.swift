import Tend

/// What is to be done to one resource: the one decision that plan and apply share.
///
/// Pure.
enum Verdict: Sendable, Hashable {
  /// It is as it should be.
  case nothing
  /// It is absent and declared.
  case create
  /// Some fields differ; `adopts` where it was there before us.
  case update(adopts: Bool)
  /// A field differs that can't be changed in place.
  case replace(adopts: Bool)
  /// It is ours and no longer declared.
  case delete
  /// It is no longer declared, and stays.
  case orphan(String)
  /// It is no longer declared, and is not there either, or was never ours.
  case release
  /// It differs, and only that is to be said.
  case report
  /// It is no longer declared, and is protected.
  case protect
  /// It would have to be replaced, and is protected.
  case refuse(String)

  /// All that the decision depends on.
  struct Situation: Sendable {
    var isDeclared: Bool
    var exists: Bool
    /// Without those that are to be ignored.
    var differences: [Difference]
    var ownership: Ownership
    var lifecycle: Lifecycle
    /// The lifecycle's mode, or the unit's.
    var mode: Lifecycle.Mode
  }

  /// How far a resource is ours.
  enum Ownership: Sendable, Hashable {
    /// Not at all.
    case none
    /// It was absent when its making was planned; what is there now, we made.
    case intended
    /// We made it.
    case made
    /// It was there before us.
    case adopted
  }

  /// Decides.
  static func of(_ situation: Situation) -> Verdict {
    situation.isDeclared ? declared(situation) : withdrawn(situation)
  }

  private static func declared(_ situation: Situation) -> Verdict {
    if situation.exists && situation.differences.isEmpty { return .nothing }
    if situation.mode == .observe { return .report }
    if !situation.exists { return .create }
    let adopts = situation.ownership == .none
    guard situation.differences.contains(where: \.forcesReplacement) else {
      return .update(adopts: adopts)
    }
    if situation.lifecycle.preventDelete {
      return .refuse("it must be replaced, and preventDelete forbids that")
    }
    return .replace(adopts: adopts)
  }

  private static func withdrawn(_ situation: Situation) -> Verdict {
    if !situation.exists || situation.ownership == .none { return .release }
    if situation.lifecycle.preventDelete { return .protect }
    switch (situation.lifecycle.deletionPolicy, situation.ownership) {
    case (.orphan, _): return .orphan("deletionPolicy: orphan")
    case (.delete, _): return situation.mode == .observe ? .orphan("mode: observe") : .delete
    case (nil, .adopted): return .orphan("it was there before us")
    case (nil, _): return situation.mode == .observe ? .orphan("mode: observe") : .delete
    }
  }

  /// What a plan calls it; nil where it changes nothing.
  var action: PlannedChange.Action? {
    switch self {
    case .nothing, .release, .report, .protect, .refuse: nil
    case .create: .create
    case .update: .update
    case .replace: .replace
    case .delete: .delete
    case .orphan: .orphan
    }
  }

  /// Whether something would be removed and made anew.
  var isReplacement: Bool { if case .replace = self { true } else { false } }

  /// Whether something that exists would be removed.
  var isDestructive: Bool {
    switch self {
    case .delete, .replace: true
    default: false
    }
  }
}
