import Tend

/// How a reconcile goes on once the resource was looked at.
///
/// Pure, like all that a pass decides: the pass itself only asks, waits and passes on.
enum Course: Sendable {
  /// It ends here.
  case end(Result)
  /// It is as desired; what is left is to ask whether it works.
  case confirm
  /// This is to be done.
  case act(Verdict)
}

/// What the look after a change has found.
enum Aftermath: Sendable, Hashable {
  /// It was to go, and it is gone.
  case gone
  /// It was to go, and it is there.
  case remains
  /// What was written reads back different.
  case differs
  /// What was written is there.
  case asDesired
}

extension Assignment {
  /// Decides what to do about a resource as it was found.
  func course(exists: Bool, _ differences: [Difference]) -> Course {
    let verdict = Verdict.of(
      Verdict.Situation(
        isDeclared: isDeclared, exists: exists, differences: differences, ownership: ownership,
        lifecycle: lifecycle, mode: mode))
    if let moved = moved(verdict, differences) { return .end(moved) }
    switch verdict {
    case .nothing: return .confirm
    case .report: return .end(.reported(differences))
    case .protect: return .end(.protected)
    case .release: return .end(.ended(nil))
    case .orphan:
      let done = Result.Done(verdict: verdict, differences: differences, duration: .zero)
      return .end(.ended(done))
    case .refuse(let message):
      return .end(.refused(reason: "PreventDelete", message, differences))
    case .create, .update, .replace, .delete: return .act(verdict)
    }
  }

  /// A plan is the truth: what it did not show is not done.
  private func moved(_ verdict: Verdict, _ differences: [Difference]) -> Result? {
    if let expectation, let action = verdict.action {
      if !expectation.allows(action, differences.map(\.path)) {
        return .refused(
          reason: "Moved",
          "it is not as the plan saw it: the plan would \(expectation.words), and now it would "
            + "\(verdict.words); plan again", differences)
      }
    }
    if verdict.isDestructive, !isPermitted {
      return .refused(
        reason: "NotPlanned", "the plan could not see that it would \(verdict.words); plan again",
        differences)
    }
    return nil
  }

  /// What a resource becomes before the first change to it: made by us where it is absent, adopted
  /// where it was there before; nil where it is ours already.
  func claim(for verdict: Verdict) -> Verdict.Ownership? {
    guard ownership == .none else { return nil }
    return verdict == .create ? .intended : .adopted
  }
}

extension Verdict {
  /// Decides what came of it, by how the resource is afterwards.
  func aftermath(exists: Bool, _ differences: [Difference]) -> Aftermath {
    if self == .delete { return exists ? .remains : .gone }
    return exists && differences.isEmpty ? .asDesired : .differs
  }

  /// What it would do, for a sentence.
  var words: String {
    switch self {
    case .nothing, .release, .report, .protect, .refuse: "change nothing"
    case .create: "create it"
    case .update: "update it"
    case .replace: "replace it"
    case .delete: "delete it"
    case .orphan: "leave it in place"
    }
  }
}
