internal import Tend

/// How one object is found and deleted: enough to do both without its declaration.
struct Recipe: Sendable, Hashable, Codable {
  /// One request for it.
  struct Ask: Sendable, Hashable, Codable {
    var method = "GET"
    /// A URL in which `{identity}` stands for what the server calls it.
    var url: String
    var headers: [HeaderText] = []
    /// Statuses that mean success.
    var done: [Int]
    /// Statuses that mean that it is not there.
    var absent: [Int] = []
    /// Statuses that mean that the object was changed meanwhile; nil: as usual.
    var conflict: [Int]?
    /// Where in the response it is.
    var select = JSONPointer.whole
    /// Whether null in its place means that it is not there.
    var nullIsAbsent = false
  }

  /// One header of a request.
  struct HeaderText: Sendable, Hashable, Codable {
    var name: String
    var value: SecretText
  }

  /// A request for many, among which it is.
  struct Search: Sendable, Hashable, Codable {
    var ask: Ask
    /// Where the list is in a response.
    var items = JSONPointer.whole
    /// What an item has that is this object.
    var match: [Match]
    /// Where an item says what the server calls it.
    var identity: JSONPointer?
    var pages = Pages.one
  }

  struct Match: Sendable, Hashable, Codable {
    var pointer: JSONPointer
    var value: Value
  }

  /// How a list that is too long for one response is got.
  enum Pages: Sendable, Hashable, Codable {
    case one
    /// By the `Link` header with the relation `next`.
    case link
    /// By numbers from `first` on, until one has fewer than `size` items, or none.
    case number(parameter: String, first: Int, size: Int?)
    /// By what the last response says at a pointer.
    case cursor(parameter: String, JSONPointer)
  }

  /// What an operation that goes on says of itself.
  struct Progress: Sendable, Hashable, Codable {
    var pointer: JSONPointer?
    var running: [Value] = []
    var failed: [Value] = []
  }

  var read: Ask?
  var search: Search?
  var delete: Ask
  var progress = Progress()

  static let identity = "{identity}"
}

extension Recipe.Ask {
  /// Whether it can be asked only once the server's name for the object is known.
  var needsIdentity: Bool {
    url.utf8.contains(UInt8(ascii: "{")) && url.contains(Recipe.identity)
  }

  /// The URL for an object; nil where its name is needed and not known.
  func address(_ identity: String?) -> WebAddress? {
    guard needsIdentity else { return WebAddress(url) }
    // Such a name would lead to something else.
    guard let identity, identity != ".", identity != ".." else { return nil }
    if url == Recipe.identity { return WebAddress(identity) }
    var text = ""
    var rest = url[...]
    while let range = rest.firstRange(of: Recipe.identity) {
      text += rest[..<range.lowerBound] + Percent.encode(identity)
      rest = rest[range.upperBound...]
    }
    return WebAddress(text + rest)
  }
}
