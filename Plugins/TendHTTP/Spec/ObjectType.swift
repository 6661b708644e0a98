internal import Tend

/// What one kind of thing in a service looks like, and how it is kept.
final class ObjectType: Sendable {
  /// One parameter of the kind.
  struct Parameter: Sendable, Hashable {
    var name: String
    var type: Schema.FieldType
    var isRequired = false
    var isSecret = false
    var defaultValue: Value?
    var summary: String
  }

  /// A request that changes something.
  struct Operation: Sendable, Hashable {
    var method: String
    var path: URITemplate
    var headers: [Header] = []
    /// Nil: the body of the type.
    var body: BodyTemplate?
    var done: [Int]
    var absent: [Int] = []
    /// Nil: as HTTP has them.
    var conflict: [Int]?
    var isRepeatable: Bool

    struct Header: Sendable, Hashable {
      var name: String
      var value: TextTemplate
    }
  }

  /// A request for many.
  struct Lookup: Sendable, Hashable {
    var path: URITemplate
    var items = JSONPointer.whole
    var match: [Match] = []
    var identity: JSONPointer?
    var pages = Recipe.Pages.one

    struct Match: Sendable, Hashable {
      var pointer: JSONPointer
      var value: BodyTemplate
    }
  }

  /// In which form an update sends what differs.
  enum Format: String, Sendable, Hashable, CaseIterable {
    case whole, mergePatch, jsonPatch
  }

  /// What the server calls an object is in this place of the response to its creation.
  enum Identity: Sendable, Hashable {
    case pointer(JSONPointer)
    case header(String)
  }

  let fields: Fields

  /// All that is declared of it.
  struct Fields: Sendable {
    var api: String
    var summary: String
    var parameters: [Parameter] = []
    var path: URITemplate
    var read: Operation
    var select = JSONPointer.whole
    var nullIsAbsent = false
    var create: Operation
    var idempotencyKey: String?
    /// How long an object may stay invisible once it was created.
    var visibleWithin = Duration.seconds(30)
    var update: Operation
    var format = Format.whole
    /// Whether an update of the whole keeps what is not declared.
    var updatesObserved = false
    var delete: Operation
    var body: BodyTemplate?
    var comparison = ContentComparison()
    var identity: Identity?
    var search: Lookup?
    /// Whether it can't be asked for by itself, only be searched for.
    var isSearched = false
    var list: Lookup?
    var version: JSONPointer?
    var progress = Recipe.Progress()
    /// When an object that is gone is looked for again.
    var confirmAfter = Duration.seconds(2)
    var replacementLosesData = true
  }

  /// Where in a list request an object is looked for, as a text; empty where there is none.
  let listShape: String

  init(_ fields: Fields) {
    self.fields = fields
    listShape =
      fields.list.map { list in
        let pointers = list.match.map(\.pointer) + [list.items] + (list.identity.map { [$0] } ?? [])
        return "\(list.pages) " + pointers.map(\.description).joined(separator: " ")
      } ?? ""
  }
}
