public import Tend

extension ProcessProvider {
  /// Takes in the versions of what each process restarts or reloads on.
  public func link(_ declared: inout [Declared<ProcessSpec>], _ links: Links) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    for index in declared.indices {
      let entry = declared[index]
      let fields = entry.content.declared
      declared[index].content.restartVersions = versions(
        fields.restartOn, "restartOn", entry, links, &diagnostics)
      declared[index].content.reloadVersions = versions(
        fields.reloadOn, "reloadOn.resources", entry, links, &diagnostics)
    }
    return diagnostics
  }

  private func versions(
    _ references: [String], _ field: String, _ entry: Declared<ProcessSpec>, _ links: Links,
    _ diagnostics: inout [Diagnostic]
  ) -> [ProcessSpec.Version] {
    references.enumerated().compactMap { index, reference in
      let place = entry.declaration.place(of: "\(field)[\(index)]")
      switch links[reference, for: entry.reference] {
      case .found(let found, let fingerprint?):
        return .init(reference: found.description, text: fingerprint.description)
      case .found(let found, nil):
        diagnostics.append(
          Diagnostic(
            .reference, at: place, "\(found) has no version that could be noticed",
            remedy: "name what it is made from instead, or leave it out"))
      case .missing:
        diagnostics.append(
          Diagnostic(
            .reference, at: place, "\(reference) is not declared",
            remedy: "declare it, or correct the name"))
      case .ambiguous(let names):
        diagnostics.append(
          Diagnostic(
            .reference, at: place, "\(reference) is ambiguous",
            remedy: "write one of \(names.joined(separator: ", "))"))
      }
      return nil
    }
  }
}
