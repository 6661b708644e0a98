import Synchronization
import Tend

/// The declarations of one provider in one revision, decoded and typed.
///
/// What guards the state: it is filled by the one task that stages the revision, before anybody
/// else sees it; from then on it is only read, and copied.
final class Staged<P: Provider>: StagedPart, @unchecked Sendable {
  typealias Desired = P.Desired

  let provider: P
  private let kinds: [KindName: Kind<Desired>]
  /// What the kinds were made from.
  private let definitions: [Declaration]
  /// As decoded, before linking: what the next revision may take over.
  ///
  /// Nil where a row is vacant.
  var rows = Table<Declared<Desired>?>()
  private(set) var undecoded: [Declaration] = []
  /// As linked; nil where the provider links nothing.
  var linked: Table<Desired?>?
  var vacant: [Int] = []
  /// Finds rows by identity.
  var identities = NumberIndex()
  /// Prerequisites that nobody declared when they were asked for.
  var unmet: Set<Desired.ID> = []
  /// Prerequisites that were asked for last: what is declared together often has the same.
  private var lastAsked: (ids: [Desired.ID], rows: [Int])?
  /// What was decoded with.
  private var premises: Premises
  /// Rows whose decoding asked for files or values.
  private var askers: Set<Int> = []
  private var reused: [Bool] = []
  /// Whether there are so many rows that specs, once decoded, are left to their texts.
  private var isLarge = false

  init(
    _ provider: P, kinds: [Kind<Desired>], definitions: [Declaration], premises: Premises
  ) {
    self.provider = provider
    self.premises = premises
    self.definitions = definitions
    self.kinds = Dictionary(kinds.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  init(copying other: Staged<P>) {
    (provider, kinds, definitions) = (other.provider, other.kinds, other.definitions)
    premises = other.premises
    (rows, linked, vacant) = (other.rows, other.linked, other.vacant)
    (identities, unmet, askers) = (other.identities, other.unmet, other.askers)
    isLarge = other.isLarge
  }

  var kindNames: [KindName] { kinds.keys.sorted() }
  var count: Int { rows.count }

  func declared(_ row: Int) -> Declared<Desired> {
    guard let declared = rows[row] else { preconditionFailure("row \(row) is vacant") }
    return declared
  }

  func desired(_ row: Int) -> Desired { linked?[row] ?? declared(row).content }
  func declaration(_ row: Int) -> Declaration { declared(row).declaration }
  func identity(_ row: Int) -> String { desired(row).id.description }
  func fingerprint(_ row: Int) -> Fingerprint? { declared(row).content.fingerprint }
  func isReused(_ row: Int) -> Bool { reused.indices.contains(row) && reused[row] }

  func prerequisites(_ row: Int) -> [Int] {
    let ids = desired(row).prerequisites
    if ids.isEmpty { return [] }
    if let lastAsked, lastAsked.ids == ids { return lastAsked.rows }
    var found: [Int] = []
    for id in ids {
      if let row = self.row(of: id) { found.append(row) } else { unmet.insert(id) }
    }
    lastAsked = (ids, found)
    return found
  }

  func row(of id: Desired.ID) -> Int? {
    identities.first(hash: id.hashValue) { desired($0).id == id }
  }

  // MARK: From scratch

  func decode(
    _ declarations: [Declaration],
    reusing previous: (part: any StagedPart, rows: [Int32])?
  ) -> [Diagnostic] {
    let before = previous?.part as? Staged<P>
    let isSameKinds = before.map(hasKinds) ?? false
    isLarge = declarations.count >= Heap.worthwhile
    var diagnostics: [Diagnostic] = []
    for (index, declaration) in declarations.enumerated() {
      if isSameKinds, let before, let row = previous?.rows[index], row >= 0,
        before.isCurrent(Int(row), premises)
      {
        append(before.declared(Int(row)), isReused: true)
        continue
      }
      do throws(Diagnostics) {
        append(try decode(declaration.reading(premises)), isReused: false)
      } catch {
        diagnostics += error.all
        undecoded.append(declaration)
      }
    }
    return diagnostics
  }

  /// Whether the kinds of another part are those of this one.
  private func hasKinds(of other: Staged<P>) -> Bool {
    premises.root == other.premises.root
      && definitions.elementsEqual(other.definitions) { $0.isSame(as: $1) }
      && !premises.changes(definitions, since: other.premises)
  }

  private func append(_ declared: Declared<Desired>, isReused: Bool) {
    if declared.declaration.hasAsked { askers.insert(rows.count) }
    rows.append(declared)
    reused.append(isReused)
  }

  private func decode(_ declaration: Declaration) throws(Diagnostics) -> Declared<Desired> {
    guard let kind = kinds[declaration.reference.kind] else {
      throw Diagnostics([
        Diagnostic(.unknownKind, at: declaration.place, "\(declaration.reference.kind) is no kind")
      ])
    }
    if let root = premises.root, !(provider is any Rooting<Desired>) {
      throw Diagnostics([
        Diagnostic(
          .invalidValue, at: declaration.place,
          "\(declaration.reference) can't lie below \(root), the root of unit \(premises.unit)",
          remedy: "declare it in a unit without a root")
      ])
    }
    declaration.recallSpec()
    defer { if isLarge { declaration.letGoOfSpec() } }
    let expanded = try kind.expanding(declaration)
    let mistakes = kind.mistakes(in: expanded)
    if !mistakes.isEmpty { throw Diagnostics(mistakes) }
    return Declared(declaration, try kind.decode(expanded))
  }

  func decodedAgain(_ declaration: Declaration) throws(Diagnostics) -> Desired {
    try decode(declaration).content
  }

  /// Whether the files and values that a row was decoded from are as they were.
  private func isCurrent(_ row: Int, _ now: Premises) -> Bool {
    guard askers.contains(row) else { return true }
    let declaration = declaration(row)
    return !now.changes([declaration], since: premises)
      && declaration.filesRead.allSatisfy { path, file in
        (try? now.tree.file(at: path))?.digest == file?.digest
      }
  }

  func link(_ links: Links, _ order: [Int]) -> [Diagnostic] {
    guard let linking = provider as? any Linking<Desired> else { return [] }
    var declared = order.map(declared)
    let diagnostics = linking.link(&declared, links)
    guard declared.count == order.count else { return diagnostics }
    var linked = Table<Desired?>(repeating: nil, count: rows.count)
    for (row, content) in zip(order, declared) { linked[row] = content.content }
    self.linked = linked
    return diagnostics
  }

  func identify() -> [(row: Int, first: Int)] {
    var doubles: [(row: Int, first: Int)] = []
    identities = NumberIndex(capacity: rows.count)
    for row in 0..<rows.count {
      if let first = enter(row) { doubles.append((row, first)) }
    }
    return doubles
  }

  /// Enters the identity of a row; answers with the row that has it already.
  func enter(_ row: Int) -> Int? {
    let id = desired(row).id
    let hash = id.hashValue
    if let first = identities.first(hash: hash, where: { desired($0).id == id }) { return first }
    identities.insert(row, hash: hash) { [self] in desired($0).id.hashValue }
    return nil
  }

  // MARK: On top of an earlier one

  func edited(_ edit: PartEdit, _ premises: Premises) -> EditedPart? {
    guard self.premises.root == premises.root,
      !premises.changes(definitions, since: self.premises)
    else { return nil }
    let part = Staged(copying: self)
    var edited = EditedPart(
      part: part,
      relink: { part.relink($0) },
      reidentify: { [self] in part.reidentify($0, from: self) })
    do throws(Diagnostics) {
      try part.take(edit, premises, &edited)
      return edited
    } catch {
      return nil
    }
  }

  private func take(
    _ edit: PartEdit, _ premises: Premises, _ edited: inout EditedPart
  ) throws(Diagnostics) {
    for row in edit.removed {
      rows[row] = nil
      linked?[row] = nil
      askers.remove(row)
    }
    for (row, declaration) in edit.replaced {
      try put(declaration, at: row, premises)
      edited.changed.append(row)
    }
    let isReplaced = Set(edited.changed)
    for row in askers.sorted() where !isReplaced.contains(row) && !isCurrent(row, premises) {
      try put(declaration(row), at: row, premises)
      edited.changed.append(row)
    }
    for declaration in edit.added {
      let row = vacant.popLast() ?? rows.count
      if row == rows.count {
        rows.append(nil)
        linked?.append(nil)
      }
      try put(declaration, at: row, premises)
      edited.added.append(row)
    }
    edited.removed = edit.removed
    vacant += edit.removed
    self.premises = premises
  }

  private func put(
    _ declaration: Declaration, at row: Int, _ premises: Premises
  ) throws(Diagnostics) {
    let declared = try decode(declaration.reading(premises))
    rows[row] = declared
    if declared.declaration.hasAsked { askers.insert(row) } else { askers.remove(row) }
  }

  private func relink(_ edited: EditedPart) -> Bool {
    guard let linking = provider as? any Linking<Desired> else { return true }
    if edited.changed.isEmpty, edited.added.isEmpty, edited.removed.isEmpty { return true }
    guard let linked, edited.added.isEmpty, edited.removed.isEmpty else { return false }
    var changed = edited.changed.map(declared)
    let before = edited.changed.compactMap { linked[$0] }
    guard before.count == changed.count, linking.relink(&changed, from: before),
      changed.count == before.count
    else { return false }
    for (row, declared) in zip(edited.changed, changed) { self.linked?[row] = declared.content }
    return true
  }

  private func reidentify(_ edited: EditedPart, from before: Staged<P>) -> EditedPart.Moves? {
    var moves = EditedPart.Moves(left: edited.removed, moved: edited.added)
    for row in edited.changed where desired(row).id != before.desired(row).id {
      moves.left.append(row)
      moves.moved.append(row)
    }
    for row in moves.left { identities.remove(row, hash: before.desired(row).id.hashValue) }
    for row in moves.moved {
      // Rows that have not changed may have waited for it.
      if unmet.contains(desired(row).id) || enter(row) != nil { return nil }
    }
    return moves
  }
}

/// What all revisions of a provider begin with.
func stagedKinds<P: Provider>(
  of provider: P, definitions: [Declaration], premises: Premises
) -> ([Kind<P.Desired>], [Diagnostic]) {
  guard let defining = provider as? any KindDefining<P.Desired> else { return (provider.kinds, []) }
  return defined(by: defining, definitions, premises)
}

private func defined<K: KindDefining>(
  by provider: K, _ definitions: [Declaration], _ premises: Premises
) -> ([Kind<K.Desired>], [Diagnostic]) {
  var declared: [Declared<K.Definition>] = []
  var diagnostics: [Diagnostic] = []
  for definition in definitions {
    guard let kind = provider.definitions.first(where: { $0.name == definition.reference.kind })
    else { continue }
    do throws(Diagnostics) {
      let definition = try kind.expanding(definition.reading(premises))
      let mistakes = kind.mistakes(in: definition)
      diagnostics += mistakes
      guard mistakes.isEmpty else { continue }
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
