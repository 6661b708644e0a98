internal import Tend
internal import TendManifest

/// The manifests of a world, decoded for one provider.
struct Samples<P: Provider>: Sendable {
  /// One resource and the ways in which it may be declared.
  struct Resource: Sendable {
    var name: String
    var id: P.Desired.ID
    var variants: [P.Desired]
  }

  private(set) var resources: [Resource] = []
  let texts: [String]
  let declarations: [Declaration]
  let kinds: [Kind<P.Desired>]
  /// The texts that samples hold in fields that the schema calls sensitive.
  let secrets: [String]

  var names: [String] { resources.map(\.name) }

  init(_ texts: [String], for provider: P) throws(ConformanceError) {
    self.texts = texts
    var all: [Declaration] = []
    for (number, text) in texts.enumerated() {
      let file = ManifestFile(path: "sample-\(number + 1).yaml", bytes: Array(text.utf8))
      let reading = ManifestReader().read([file])
      try Self.refuse(reading.diagnostics)
      for declaration in reading.declarations where !all.contains(where: declaration.repeats) {
        all.append(declaration)
      }
    }
    kinds = try Self.kinds(of: provider, all)
    let known = Set(kinds.map(\.name))
    declarations = all.filter { known.contains($0.reference.kind) }
    guard !declarations.isEmpty else {
      throw ConformanceError(
        description: "the samples declare nothing of this provider; its kinds are "
          + kinds.map(\.name.description).joined(separator: ", "))
    }
    secrets = Self.secrets(in: declarations, kinds)
    try decode(linkedBy: provider)
  }

  private mutating func decode(linkedBy provider: P) throws(ConformanceError) {
    var declared: [Declared<P.Desired>] = []
    var diagnostics = Diagnostics()
    for declaration in declarations {
      guard let kind = kinds.first(where: { $0.name == declaration.reference.kind }) else {
        continue
      }
      for diagnostic in kind.schema.diagnostics(for: declaration) { diagnostics.append(diagnostic) }
      do throws(Diagnostics) {
        declared.append(Declared(declaration, try kind.decode(declaration)))
      } catch {
        diagnostics.append(contentsOf: error)
      }
    }
    if let linking = provider as? any Linking<P.Desired> {
      for diagnostic in Self.link(&declared, by: linking) { diagnostics.append(diagnostic) }
    }
    try Self.refuse(diagnostics)
    group(declared)
  }

  /// Documents with one kind and name are the ways to declare one resource.
  private mutating func group(_ declared: [Declared<P.Desired>]) {
    for item in declared {
      let name = "\(item.reference)"
      if let index = resources.firstIndex(where: { $0.id == item.content.id }) {
        resources[index].variants.append(item.content)
      } else {
        resources.append(Resource(name: name, id: item.content.id, variants: [item.content]))
      }
    }
  }

  private static func link<L: Linking<P.Desired>>(
    _ declared: inout [Declared<P.Desired>], by provider: L
  ) -> [Diagnostic] {
    let known = declared
    return provider.link(
      &declared,
      Links { text, _ in
        guard let found = known.first(where: { $0.reference.matches(text) }) else {
          return .missing
        }
        return .found(found.reference, found.content.fingerprint)
      })
  }

  private static func refuse(_ diagnostics: Diagnostics) throws(ConformanceError) {
    guard !diagnostics.isEmpty else { return }
    throw ConformanceError(description: "the samples can't be used:\n\(diagnostics)")
  }

  private static func kinds(
    of provider: P, _ declarations: [Declaration]
  ) throws(ConformanceError) -> [Kind<P.Desired>] {
    guard let defining = provider as? any KindDefining<P.Desired> else { return provider.kinds }
    do throws(Diagnostics) {
      return try defined(by: defining, declarations)
    } catch {
      throw ConformanceError(description: "the samples define no kinds:\n\(error)")
    }
  }

  private static func defined<K: KindDefining<P.Desired>>(
    by provider: K, _ declarations: [Declaration]
  ) throws(Diagnostics) -> [Kind<P.Desired>] {
    var definitions: [Declared<K.Definition>] = []
    for declaration in declarations {
      for kind in provider.definitions where kind.name == declaration.reference.kind {
        definitions.append(Declared(declaration, try kind.decode(declaration)))
      }
    }
    return try provider.kinds(definedBy: definitions)
  }

  private static func secrets(
    in declarations: [Declaration], _ kinds: [Kind<P.Desired>]
  ) -> [String] {
    declarations.flatMap { declaration -> [String] in
      let fields = kinds.first { $0.name == declaration.reference.kind }?.schema.fields ?? []
      guard case .map(let spec) = declaration.spec else { return [] }
      return fields.filter(\.isSensitive).flatMap { spec[$0.name].map(texts(in:)) ?? [] }
    }
  }

  private static func texts(in value: Value) -> [String] {
    switch value {
    case .string(let text): [text]
    case .list(let values): values.flatMap(texts(in:))
    case .map(let map): map.entries.flatMap { texts(in: $0.value) }
    default: []
    }
  }
}

extension Declaration {
  /// Whether it says the same as another of the same name.
  fileprivate func repeats(_ other: Declaration) -> Bool {
    reference == other.reference && spec == other.spec
  }
}
