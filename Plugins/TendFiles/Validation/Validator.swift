internal import Tend

/// Has a new content accepted before it takes the place of the old one.
struct Validator: Sendable {
  private let validation: Validation
  /// The directory in which the new content lies, as the machine knows it.
  private let parent: String
  private let path: EntryPath
  private let isSecret: Bool

  /// Time that is left to say that the command took too long.
  private static let reserve = Duration.seconds(1)

  /// Nil where nothing is declared that would have to accept it.
  init?(_ spec: EntrySpec, found: Status?, root: String?) {
    guard let validation = spec.declared.validation else { return nil }
    self.validation = validation
    path = spec.id
    parent = (root ?? "") + spec.declared.location.parent
    isSecret = spec.isSecret(found: found?.permissions)
  }

  /// Throws where the command does not accept what is in a file of the directory, as its owner.
  func check(_ name: String, as made: Status, _ context: Context) async throws(ProviderError) {
    let time = max(.zero, context.remaining - Self.reserve)
    let run = ValidationRun(
      validation: validation, path: "\(parent)/\(name)", user: made.user, group: made.group)
    let (verdict, output): (Validation.Verdict, String)
    do throws(SystemError) {
      (verdict, output) = try await run.run(within: time)
    } catch {
      throw ProviderError(error, "validate", path.description)
    }
    if Task.isCancelled { throw .cancelled }
    try judge(verdict, output.replacing(name, with: path.name), time)
  }

  private func judge(
    _ verdict: Validation.Verdict, _ output: String, _ time: Duration
  ) throws(ProviderError) {
    let program = validation.arguments[0]
    switch verdict {
    case .accepted: return
    case .refused(let status):
      let how = status < 0 ? "ended by signal \(-status)" : "exit status \(status)"
      throw .permanent(
        "\(path) stays as it is: \(program) does not accept the new content (\(how))"
          + words(output),
        remedy: "correct the content", field: "validate")
    case .notFound, .notRunnable:
      throw .permanent(
        "\(path) stays as it is: \(program), which must accept the new content, "
          + (verdict == .notFound ? "was not found" : "can't be run") + words(output),
        remedy: "install it, or correct validate", field: "validate")
    case .late:
      throw ProviderError(
        .transient,
        "\(path) stays as it is: \(program) did not say within \(time) whether it accepts the "
          + "new content" + words(output),
        remedy: "give it more time with lifecycle: {timeout: …}", field: "validate")
    }
  }

  /// What it printed, on one line; not where it may quote what must not be seen.
  private func words(_ output: String) -> String {
    if isSecret { return "; what it printed is not shown, since the content must not be seen" }
    let lines = output.split(whereSeparator: \.isNewline).map { line in
      line.trimmingPrefix { $0 == " " }
    }
    let text = lines.filter { !$0.isEmpty }.joined(separator: " | ")
    return text.isEmpty ? "" : ": " + String(text.unicodeScalars.filter { $0.value >= 0x20 })
  }
}
