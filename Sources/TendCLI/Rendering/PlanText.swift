import Tend
import TendEngine

/// A plan for people: every change with the line of the manifest behind it.
///
/// Pure; what a provider has masked stays masked, unless somebody asked to see just that.
struct PlanText {
  /// How it is dressed.
  var style = Style.plain
  /// What stands before the files of manifests so that a terminal can open them: the path of the
  /// tree that they were read from, or nothing.
  var prefix = ""
  /// Whether what must not be seen is shown, as far as the plan has it.
  var showsPrivate = false

  /// The whole plan.
  func render(_ plan: Plan) -> String {
    var text = ""
    for rename in plan.renamed { text += render(rename) + "\n" }
    for change in plan.changes { text += render(change) + "\n" }
    for problem in plan.errors { text += render(problem) + "\n" }
    for refusal in plan.refused { text += render(refusal) + "\n" }
    return text + summary(of: plan) + "\n"
  }

  /// One line: how many of each action.
  func summary(of plan: Plan) -> String {
    let resources = plan.unchanged == 1 ? "1 resource is" : "\(plan.unchanged) resources are"
    if plan.isEmpty, plan.errors.isEmpty, plan.renamed.isEmpty {
      if plan.unchanged == 0 { return "No changes. Nothing is declared." }
      return "No changes. \(resources) as declared."
    }
    var parts = PlannedChange.Action.allCases.compactMap { action -> String? in
      let count = plan.count(action)
      return count == 0 ? nil : "\(count) \(Self.infinitive(of: action))"
    }
    if !plan.renamed.isEmpty { parts.append("\(plan.renamed.count) renamed") }
    if !plan.errors.isEmpty { parts.append("\(plan.errors.count) in error") }
    let rest = plan.unchanged == 0 ? "." : "; \(resources) as declared."
    return style.strong(parts.joined(separator: ", ")) + rest
  }

  private static func infinitive(of action: PlannedChange.Action) -> String {
    switch action {
    case .create: "to create"
    case .update: "to update"
    case .replace: "to replace"
    case .delete: "to delete"
    case .orphan: "to give up"
    case .unknown: "not known yet"
    }
  }

  private func render(_ rename: PlannedRename) -> String {
    let place = style.faint("(\(self.place(rename.place)))")
    let name = style.strong("\(rename.reference)".printable)
    let remark = "renamed from \(rename.from): it goes on, nothing is stopped and nothing made"
    return "\(style.hint(">")) \(name)  \(rename.identity.printable)  \(place)\n"
      + "    \(style.warning(remark.printable))\n"
  }

  private func render(_ change: PlannedChange) -> String {
    let place = style.faint("(\(self.place(change.place)))")
    var text = "\(symbol(of: change.action)) \(style.strong("\(change.reference)".printable))"
    text += "  \(change.identity.printable)  \(place)\n"
    for remark in remarks(on: change) { text += "    \(style.warning(remark.printable))\n" }
    guard change.action != .delete, change.action != .orphan else { return text }
    let showsOnlyNew = change.action == .create
    for difference in change.differences {
      text += render(difference, showsOnlyNew: showsOnlyNew, document: change.place)
    }
    return text
  }

  private func symbol(of action: PlannedChange.Action) -> String {
    switch action {
    case .create: style.good("+")
    case .update: style.warning("~")
    case .replace: style.bad("-") + "/" + style.good("+")
    case .delete: style.bad("-")
    case .orphan: style.hint("o")
    case .unknown: style.hint("?")
    }
  }

  /// What must be said in words.
  private func remarks(on change: PlannedChange) -> [String] {
    var remarks: [String] = []
    if change.adopts, change.action != .orphan {
      remarks.append(
        change.differences.isEmpty
          ? "exists already and is not owned yet: it is adopted as it is"
          : "exists already and is not owned yet: it is adopted and changed, after a backup")
    }
    switch (change.action, change.cause) {
    case (.delete, _): remarks.append("no longer declared: it is deleted")
    case (.orphan, _): remarks.append("no longer declared: it stays as it is, no longer owned")
    case (.unknown, _): remarks.append("not known before what it depends on is there")
    case (_, .drift): remarks.append("changed since it was applied, without a new revision")
    default: break
    }
    if change.losesData { remarks.append("data that only it holds is lost") }
    if let note = change.note { remarks.append(note) }
    return remarks
  }

  private func render(
    _ planned: PlannedDifference, showsOnlyNew: Bool, document: Place
  ) -> String {
    let difference = planned.difference
    let place =
      planned.place.map { $0 == document ? "" : style.faint("  (\(self.place($0)))") } ?? ""
    let forced = difference.forcesReplacement ? style.bad("  forces a replacement") : ""
    let field = "    \(difference.path.printable): "
    if let lines = textLines(of: difference), !lines.isEmpty {
      return field.dropLast() + place + forced + "\n" + lines
    }
    let (actual, desired) = sides(of: difference)
    let values = showsOnlyNew ? desired : "\(actual) -> \(desired)"
    return field + values + place + forced + "\n"
  }

  /// The diff of a large field; nil where it has no text, or is secret.
  private func textLines(of difference: Difference) -> String? {
    let shown =
      difference.isSensitive
      ? showsPrivate ? difference.hidden?.reveal() : nil : difference.text
    guard let text = shown else { return nil }
    guard text.actual != nil || difference.actual == .absent, let desired = text.desired else {
      return nil
    }
    let diff = LineDiff(from: text.actual ?? "", to: desired)
    // A new text needs no line numbers.
    let lines = text.actual == nil ? diff.lines.filter { !$0.isHunk } : diff.lines
    return lines.map { "      \(render($0))\n" }.joined()
  }

  private func render(_ line: LineDiff.Line) -> String {
    switch line {
    case .hunk(let text): style.hint(text)
    case .kept(let text): " " + text
    case .removed(let text): style.bad("-" + text)
    case .added(let text): style.good("+" + text)
    case .note(let text): style.faint(text)
    }
  }

  /// Both sides; of what is hidden at least its outline: size and keyed digest.
  private func sides(of difference: Difference) -> (actual: String, desired: String) {
    let outline = difference.outline
    func text(_ side: Difference.Side, _ outline: String?) -> String {
      guard side == .masked, let outline else { return self.side(side) }
      return "(sensitive, \(outline.printable))"
    }
    return (text(difference.actual, outline?.actual), text(difference.desired, outline?.desired))
  }

  private func side(_ side: Difference.Side) -> String {
    switch side {
    case .absent: return "(none)"
    case .unknown: return "(known after it is made)"
    case .masked: return "(sensitive)"
    case .value(let value):
      let text = value.json.printable
      return text.count <= 200 ? text : "\(text.prefix(200))… (\(text.count) characters)"
    }
  }

  private func render(_ problem: PlanProblem) -> String {
    let message = "\(problem.reference): \(problem.message)".printable
    return "\(style.bad("!")) \(message)  \(style.faint("(\(place(problem.place)))"))\n"
  }

  private func render(_ refusal: PlanRefusal) -> String {
    "\(style.bad("Refused")) (\(refusal.reason)): \(refusal.message.printable)\n"
  }

  private func place(_ place: Place) -> String { place.text(below: prefix) }
}
