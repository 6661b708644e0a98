internal import Crypto
internal import Synchronization
public import Tend

/// One thing in a service, as it should be.
public struct ObjectSpec: DesiredState {
  /// As it is.
  public typealias Subject = HTTPObject

  /// One reference, since it is handed around for every look.
  private let parts: Parts

  /// Which one.
  public var id: ObjectID { parts.id }
  var type: ObjectType { parts.type }
  var connection: Shared<Connection> { parts.connection }
  var bindings: Bindings { parts.bindings }
  var content: Content? { parts.content }
  var recipe: Shared<Recipe> { parts.recipe }
  /// The request that observes all of its type at once.
  var listing: Recipe.Search? { parts.listing }
  /// Names those that are observed by the same list; nil where it is observed by itself.
  var group: String? { parts.group }
  /// What tells it from the other items of a list.
  var listKey: String { parts.listKey }
  /// Where it is, for people.
  var path: String { parts.path }
  /// The digest of the item of a list in which nothing differed; nil where there was none yet.
  var settled: Int? {
    let digest = parts.settled.load(ordering: .relaxed)
    return digest == 0 ? nil : digest
  }

  init(
    _ type: ObjectType, _ connection: Shared<Connection>, _ bindings: Bindings, name: String
  ) {
    parts = Parts(type, connection, bindings, name: name)
  }

  /// Compares what the body declares with what the service shows; pure.
  public func differences(from current: HTTPObject?) -> [Difference] {
    guard let current else { return creation }
    if let item = current.item, item.digest == settled { return [] }
    let differences = comparison(with: current)
    if differences.isEmpty, let item = current.item {
      parts.settled.store(item.digest, ordering: .relaxed)
    }
    return differences
  }

  private func comparison(with current: HTTPObject) -> [Difference] {
    var differences: [Difference] = []
    if let content {
      differences = type.fields.comparison.differences(from: current.value, to: content)
        .map { current.mask.apply(to: $0) }
      if current.memory.digest == nil || current.memory.digest != current.digest {
        differences += content.secrets().map { path, _ in
          Difference(path: path.description, actual: .masked, desired: .masked)
        }
      }
    }
    return differences
  }

  /// What a create sets: where it is, and each field of the body.
  private var creation: [Difference] {
    var differences = [Difference(path: "path", actual: .absent, desired: .value(.string(path)))]
    if let content {
      let empty: Value? = nil
      differences += ContentComparison().differences(from: empty, to: content)
      differences += content.secrets().map { path, _ in
        Difference(path: path.description, actual: .absent, desired: .masked)
      }
    }
    return differences
  }

  /// Whether replacing it loses data that only it holds; the type says so.
  public var replacementLosesData: Bool { type.fields.replacementLosesData }
}

/// What an object is declared as, and what follows from it.
private final class Parts: Sendable {
  let id: ObjectID
  let type: ObjectType
  let connection: Shared<Connection>
  let bindings: Bindings
  let content: Content?
  let recipe: Shared<Recipe>
  let listing: Recipe.Search?
  let group: String?
  let listKey: String
  let path: String
  /// What was compared once need not be compared again; 0: nothing was.
  let settled = Atomic(0)

  init(
    _ type: ObjectType, _ connection: Shared<Connection>, _ bindings: Bindings, name: String
  ) {
    let fields = type.fields
    let api = connection.wrappedValue
    path = fields.path.expanded { bindings.value($0) }
    // What the server names is told apart by the name of its declaration.
    let suffix = fields.identity == nil ? "" : "#\(name)"
    id = ObjectID("\(api.name) \(Percent.normalized(path))" + suffix)
    var bindings = bindings
    bindings["correlation"] = .value(.string("tend-" + Self.short(id.description)))
    let filling = Filling(connection: api, bindings: bindings, fields: fields)
    self.type = type
    self.connection = connection
    self.bindings = bindings
    content = fields.body?.filled(bindings)
    recipe = Shared(wrappedValue: filling.recipe)
    let listing = fields.list.map(filling.search)
    let isOpen = fields.secrets(bindings).isEmpty
    self.listing = listing
    // Another type may look elsewhere in what the same request shows.
    group = listing.flatMap { isOpen ? "\($0.ask.url) \(type.listShape)" : nil }
    listKey = listing?.key ?? ""
  }

  /// A short digest that is the same for ever.
  private static func short(_ text: String) -> String {
    let digest = SHA256.hash(data: Array(text.utf8))
    return digest.prefix(12).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

extension ObjectType.Fields {
  /// The secrets in the headers and bodies of an object.
  fileprivate func secrets(_ bindings: Bindings) -> [SecretSource] {
    var sources = body?.filled(bindings)?.sources ?? []
    for operation in [read, create, update, delete] {
      sources += operation.headers.flatMap { $0.value.filled(bindings).sources }
      sources += operation.body.flatMap { $0.filled(bindings) }?.sources ?? []
    }
    return sources
  }
}

/// Makes requests of templates.
private struct Filling {
  let connection: Connection
  let bindings: Bindings
  let fields: ObjectType.Fields

  var recipe: Recipe {
    var read = ask(fields.read)
    read.select = fields.select
    read.nullIsAbsent = fields.nullIsAbsent
    return Recipe(
      read: fields.isSearched ? nil : read, search: fields.search.map(search),
      delete: ask(fields.delete),
      progress: fields.progress)
  }

  private func ask(_ operation: ObjectType.Operation) -> Recipe.Ask {
    Recipe.Ask(
      method: operation.method, url: url(operation.path),
      headers: operation.headers.map { .init(name: $0.name, value: $0.value.filled(bindings)) },
      done: operation.done, absent: operation.absent, conflict: operation.conflict)
  }

  func search(_ lookup: ObjectType.Lookup) -> Recipe.Search {
    Recipe.Search(
      ask: Recipe.Ask(url: url(lookup.path), done: [200]), items: lookup.items,
      match: lookup.match.compactMap { match in
        match.value.filled(bindings)?.plain.map { .init(pointer: match.pointer, value: $0) }
      },
      identity: lookup.identity, pages: lookup.pages)
  }

  func url(_ template: URITemplate) -> String {
    let path = template.expanded(keeping: ["identity"]) { bindings.value($0) }
    if path == Recipe.identity { return path }
    var base = connection.url[...]
    while base.hasSuffix("/") { base.removeLast() }
    return base + path
  }
}

extension ObjectSpec {
  /// The URL of an operation on it; nil where the server's name for it is needed and not known.
  func address(of operation: ObjectType.Operation, _ identity: String?) -> WebAddress? {
    let filling = Filling(
      connection: connection.wrappedValue, bindings: bindings, fields: type.fields)
    return Recipe.Ask(url: filling.url(operation.path), done: []).address(identity)
  }

  /// The headers of an operation.
  func headers(of operation: ObjectType.Operation) -> [(name: String, value: SecretText)] {
    operation.headers.map { ($0.name, $0.value.filled(bindings)) }
  }

  /// The secrets in its headers and bodies.
  var secrets: [SecretSource] { type.fields.secrets(bindings) }

  /// What an operation sends.
  func content(of operation: ObjectType.Operation) -> Content? {
    operation.body.map { $0.filled(bindings) } ?? content
  }
}
