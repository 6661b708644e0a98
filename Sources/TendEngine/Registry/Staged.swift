import Tend

/// The declarations of one provider in one revision, decoded and typed.
///
/// What guards the state: it is filled by the one task that stages the revision, before anybody
/// else sees it; from then on it is only read.
final class Staged<P: Provider>: StagedPart, @unchecked Sendable {
  typealias Desired = P.Desired

  private let provider: P
  private let kinds: [KindName: Kind<Desired>]
  /// What the kinds were made from.
  private let definitions: [Declaration]
  /// As decoded, before linking: what the next revision may take over.
  private var decoded: [Declared<Desired>] = []
  private(set) var undecoded: [Declaration] = []
  private var linked: [Declared<Desired>]?
  private var reused: [Bool] = []
  private var positions: [Reference: Int]?

  init(_ provider: P, kinds: [Kind<Desired>], definitions: [Declaration]) {
    self.provider = provider
    self.definitions = definitions
    self.kinds = Dictionary(kinds.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  var kindNames: [KindName] { kinds.keys.sorted() }
  var count: Int { decoded.count }

  func desired(_ item: Int) -> Desired { (linked ?? decoded)[item].content }
  func declaration(_ item: Int) -> Declaration { decoded[item].declaration }
  func identity(_ item: Int) -> String { desired(item).id.description }
  func prerequisites(_ item: Int) -> [String] { desired(item).prerequisites.map(\.description) }
  func fingerprint(_ item: Int) -> Fingerprint? { decoded[item].content.fingerprint }
  func isReused(_ item: Int) -> Bool { reused[item] }

  func decode(
    _ declarations: [Declaration], tree: any SourceTree, reusing previous: (any StagedPart)?
  ) -> [Diagnostic] {
    var previous = previous as? Staged<P>
    if let kinds = previous?.definitions,
      !definitions.elementsEqual(kinds, by: { $0.isSame(as: $1) })
    {
      previous = nil
    }
    let earlier = previous?.index() ?? [:]
    let files = FileLookup(tree)
    var diagnostics: [Diagnostic] = []
    decoded.reserveCapacity(declarations.count)
    for declaration in declarations {
      if let previous, let position = earlier[declaration.reference],
        previous.isCurrent(position, declaration, tree)
      {
        decoded.append(previous.decoded[position])
        reused.append(true)
        continue
      }
      do throws(Diagnostics) {
        decoded.append(try decode(declaration.reading(files)))
        reused.append(false)
      } catch {
        diagnostics += error.all
        undecoded.append(declaration)
      }
    }
    return diagnostics
  }

  private func decode(_ declaration: Declaration) throws(Diagnostics) -> Declared<Desired> {
    guard let kind = kinds[declaration.reference.kind] else {
      throw Diagnostics([
        Diagnostic(.unknownKind, at: declaration.place, "\(declaration.reference.kind) is no kind")
      ])
    }
    let mistakes = kind.mistakes(in: declaration)
    if !mistakes.isEmpty { throw Diagnostics(mistakes) }
    return Declared(declaration, try kind.decode(declaration))
  }

  private func index() -> [Reference: Int] {
    if let positions { return positions }
    return Dictionary(
      decoded.indices.map { (decoded[$0].reference, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether this item is what the same declaration would be decoded to again.
  private func isCurrent(
    _ item: Int, _ declaration: Declaration, _ tree: any SourceTree
  ) -> Bool {
    guard decoded[item].declaration.isSame(as: declaration) else { return false }
    return decoded[item].declaration.filesRead.allSatisfy { path, file in
      (try? tree.file(at: path))?.digest == file?.digest
    }
  }

  func link(_ links: Links) -> [Diagnostic] {
    guard let linking = provider as? any Linking<Desired> else { return [] }
    var declared = decoded
    let diagnostics = linking.link(&declared, links)
    if declared.count == decoded.count { linked = declared }
    return diagnostics
  }
}

/// What all revisions of a provider begin with.
func stagedKinds<P: Provider>(
  of provider: P, definitions: [Declaration], tree: any SourceTree
) -> ([Kind<P.Desired>], [Diagnostic]) {
  guard let defining = provider as? any KindDefining<P.Desired> else { return (provider.kinds, []) }
  return defined(by: defining, definitions, tree)
}

private func defined<K: KindDefining>(
  by provider: K, _ definitions: [Declaration], _ tree: any SourceTree
) -> ([Kind<K.Desired>], [Diagnostic]) {
  var declared: [Declared<K.Definition>] = []
  var diagnostics: [Diagnostic] = []
  let files = FileLookup(tree)
  for definition in definitions {
    guard let kind = provider.definitions.first(where: { $0.name == definition.reference.kind })
    else { continue }
    let definition = definition.reading(files)
    let mistakes = kind.mistakes(in: definition)
    diagnostics += mistakes
    guard mistakes.isEmpty else { continue }
    do throws(Diagnostics) {
      declared.append(Declared(definition, try kind.decode(definition)))
    } catch {
      diagnostics += error.all
    }
  }
  guard diagnostics.isEmpty else { return (provider.kinds, diagnostics) }
  do throws(Diagnostics) {
    return (try provider.kinds(definedBy: declared), [])
  } catch {
    return (provider.kinds, error.all)
  }
}
