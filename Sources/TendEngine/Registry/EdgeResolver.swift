import Tend

/// Finds what a declaration depends on: what is written, then linked, then implied.
struct EdgeResolver {
  let names: Names
  /// By controller, then row.
  let numbers: [[Int32]]
  let asked: [Reference: [Links.Link]]

  func edges(of number: Int, _ diagnostics: inout [Diagnostic]) -> [Int32] {
    let declaration = names.declaration(number)
    let item = names.items[number]
    var edges: [Int32] = []
    for (position, text) in declaration.dependencies.enumerated() {
      resolve(text, position, declaration, &edges, &diagnostics)
    }
    if !asked.isEmpty {
      for case .found(let reference, _) in asked[declaration.reference] ?? [] {
        if let number = names.number(of: reference) { edges.append(Int32(number)) }
      }
    }
    for row in names.parts[Int(item.controller)].prerequisites(Int(item.row)) {
      edges.append(numbers[Int(item.controller)][row])
    }
    return Self.unique(edges)
  }

  private func resolve(
    _ text: String, _ position: Int, _ declaration: Declaration, _ edges: inout [Int32],
    _ diagnostics: inout [Diagnostic]
  ) {
    let found = names.find(text)
    if found.count == 1 { return edges += found.map { Int32($0) } }
    if found.isEmpty, names.isUndecoded(text) { return }
    let place = declaration.place(outsideSpec: "dependsOn[\(position)]")
    if found.isEmpty {
      diagnostics.append(
        Diagnostic(
          .reference, at: place,
          "\(declaration.reference) depends on \(text), which is not declared",
          remedy: nearest(to: text, among: names.everyName).map { "did you mean \($0)?" }
            ?? "declare it, or take the dependency away"))
    } else {
      let choices = found.map { names.declaration($0).reference.qualified }.sorted()
      diagnostics.append(
        Diagnostic(
          .reference, at: place, "\(text) may mean \(choices.joined(separator: " or "))",
          remedy: "write it with its group and version"))
    }
  }

  private static func unique(_ edges: [Int32]) -> [Int32] {
    if edges.count < 2 { return edges }
    var seen: Set<Int32> = []
    return edges.filter { seen.insert($0).inserted }
  }
}
