internal import Tend

extension HTTPProvider {
  /// The items of a list, over all its pages.
  struct Items: Sendable {
    var pages: [ListPage] = []
    var count = 0
    var mask = Mask()
    /// The request, without secrets.
    var name = ""

    /// The first item that a condition holds for.
    func first(where condition: (Value) -> Bool) throws(ProviderError) -> Value? {
      for page in pages {
        for position in 0..<page.count {
          let value = try value(at: position, of: page)
          if condition(value) { return value }
        }
      }
      return nil
    }

    func value(at position: Int, of page: ListPage) throws(ProviderError) -> Value {
      do throws(JSONText.Mistake) {
        return try page.value(at: position)
      } catch {
        throw .transient(
          "\(name): item \(position + 1) of the list is not JSON at \(error)",
          remedy: "see whether this is the API that is meant")
      }
    }
  }

  /// More pages or items than this have no end.
  private static var mostPages: Int { 10_000 }
  private static var mostItems: Int { 1_000_000 }

  func pages(
    of search: Recipe.Search, _ service: Service, _ context: Context
  ) async throws(ProviderError) -> Items {
    var items = Items()
    guard var address = search.ask.address(nil) else { return items }
    var visited: Set<WebAddress> = []
    let first = address
    if case .number(let parameter, let number, _) = search.pages {
      address = address.adding(parameter, String(number))
    }
    while visited.insert(address).inserted, visited.count <= Self.mostPages,
      items.count <= Self.mostItems
    {
      let answer = try await service.perform(
        call(search.ask, address, isRepeatable: true, context), context)
      guard search.ask.done.contains(answer.status) else {
        throw answer.failure(service.connection, retryAfter: answer.retryAfter(context))
      }
      let (page, document) = try answer.page(of: search)
      // Who does not understand the parameter gives the first page for ever.
      if let last = items.pages.last, page.count > 0, last.digests == page.digests { break }
      items.pages.append(page)
      items.count += page.count
      items.mask = answer.mask
      items.name = answer.name
      guard
        let next = search.pages.next(
          after: answer, document, count: page.count, page: items.pages.count, from: first)
      else { return items }
      guard next.hasSameOrigin(as: first) else {
        throw .transient(
          "\(answer.name): the next page is at \(answer.mask.apply(to: next.origin)), "
            + "where nothing is sent",
          remedy: "see whether the service knows its own address behind a proxy")
      }
      address = next
    }
    throw .transient(
      "\(search.ask.method) \(first): its pages have no end; no more after "
        + "\(items.pages.count), with \(items.count) items",
      remedy: "correct pages: of the type")
  }
}

extension Answer {
  /// The items that it shows, and the whole document where that says where the next page is.
  ///
  /// A document that is nothing but a list is not read as a whole.
  fileprivate func page(
    of search: Recipe.Search
  ) throws(ProviderError) -> (page: ListPage, document: Value) {
    let needsDocument = if case .cursor = search.pages { true } else { false }
    if !needsDocument, search.items.tokens.isEmpty, let page = items { return (page, .null) }
    let document = try value()
    guard case .list(let values)? = search.items.value(in: document) else {
      throw .transient(
        "\(name): \(status), but there is no list\(search.items.inWords)",
        remedy: "correct items:, or see whether the service has changed")
    }
    return (ListPage(values), document)
  }
}

extension JSONPointer {
  fileprivate var inWords: String { tokens.isEmpty ? "" : " at \(description)" }
}

extension Recipe.Pages {
  /// Where the next page is; nil after the last.
  fileprivate func next(
    after answer: Answer, _ document: Value, count: Int, page: Int, from first: WebAddress
  ) -> WebAddress? {
    switch self {
    case .one: return nil
    case .link:
      let links = answer.headers.filter { $0.name.lowercased() == "link" }.map(\.value)
      return LinkHeader.target(of: "next", in: links.joined(separator: ", "))
        .flatMap { answer.address.resolving($0) }
    case .number(let parameter, let number, let size):
      if count == 0 || count < size ?? 1 { return nil }
      return first.adding(parameter, String(number + page))
    case .cursor(let parameter, let pointer):
      guard let cursor = pointer.value(in: document)?.plainText, !cursor.isEmpty else { return nil }
      return first.adding(parameter, cursor)
    }
  }
}

extension WebAddress {
  /// With one more parameter in the query.
  fileprivate func adding(_ name: String, _ value: String) -> WebAddress {
    var result = self
    result.target +=
      (target.contains("?") ? "&" : "?") + Percent.encode(name) + "="
      + Percent.encode(value)
    return result
  }
}

extension Recipe {
  /// Whether an item is the object: by the server's name for it where that is known, and by what it
  /// has.
  func means(_ item: Value, by search: Search, _ known: String?) -> Bool {
    if let known, search.identity != nil, name(of: item, by: search) != known { return false }
    return search.matches(item)
  }

  /// What the server calls an item; nil where it does not say.
  ///
  /// Where a header names a whole URL, an item may name a part of it, relative to the collection.
  func name(of item: Value, by search: Search) -> String? {
    guard let text = search.identity?.value(in: item)?.plainText, !text.isEmpty else { return nil }
    guard delete.url == Recipe.identity, var folder = search.ask.address(nil) else { return text }
    folder.target = folder.path.hasSuffix("/") ? folder.path : folder.path + "/"
    guard let address = folder.resolving(text), address.hasSameOrigin(as: folder) else {
      return nil
    }
    return address.description
  }
}

extension HTTPProvider {
  /// The same, for the memory, which holds no secret.
  func name(
    of item: Value, by search: Recipe.Search, _ memory: ObjectMemory, _ mask: Mask
  ) throws(ProviderError) -> String? {
    try memory.recipe.name(of: item, by: search).map { name throws(ProviderError) in
      try Self.name(name, mask, "\(search.ask.method) \(search.ask.url)")
    }
  }

  /// A name that can be remembered; `source` says who gave it.
  static func name(
    _ name: String, _ mask: Mask, _ source: String
  ) throws(ProviderError) -> String {
    if mask.apply(to: name) == name { return name }
    throw .permanent(
      "\(source): what the server calls the object holds a secret, which is not remembered",
      remedy: "correct identity: of the type")
  }
}

extension Recipe.Search {
  fileprivate func matches(_ item: Value) -> Bool {
    let comparison = ContentComparison(isExact: true)
    return match.allSatisfy { match in
      guard let value = match.pointer.value(in: item) else { return match.value == .null }
      return value == match.value
        || comparison.differences(from: value, to: .value(match.value)).isEmpty
    }
  }

  /// What tells items apart, as one text.
  func key(of item: Value) -> String {
    match.map { Self.text($0.pointer.value(in: item) ?? .null) }.joined(separator: "\u{0}")
  }

  /// The same of the object that is meant.
  var key: String { match.map { Self.text($0.value) }.joined(separator: "\u{0}") }

  private static func text(_ value: Value) -> String { value.plainText ?? value.json }
}
