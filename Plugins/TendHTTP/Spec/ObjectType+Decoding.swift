internal import Tend

extension ObjectType {
  /// Names that stand in templates without being parameters.
  static let builtIn: Set<String> = ["identity", "correlation"]

  /// Reads an `ObjectType`, or an `Object` with its own parameters.
  static func decode(
    _ reader: inout SpecReader, parameters: [Parameter]
  ) -> Fields {
    let identity = reader.identity()
    let path = reader.template("path") ?? .empty
    // What the server names lies below the collection, or where the server says.
    let own: URITemplate =
      switch identity {
      case nil: path
      case .pointer: path.appending("/{identity}")
      case .header: .identity
      }
    let usual = identity == nil ? "PUT" : "POST"
    let read = reader.operation("read", "GET", own, done: [200], absent: [404, 410])
    let writing = [200, 201, 202, 203, 204]
    var fields = Fields(
      api: reader.text("api") ?? "", summary: reader.text("summary") ?? "",
      parameters: parameters, path: path, read: read,
      create: reader.operation("create", usual, path, done: writing, absent: []),
      update: reader.operation("update", "PUT", read.path, done: writing, absent: []),
      delete: reader.operation(
        "delete", "DELETE", read.path, done: [200, 202, 204], absent: [404, 410]),
      identity: identity)
    fields.body = reader.value("body").map(BodyTemplate.init)
    fields.select = reader.pointer("read.select") ?? .whole
    fields.nullIsAbsent = reader.flag("read.nullIsAbsent") ?? false
    fields.idempotencyKey = reader.text("create.idempotencyKey")
    fields.visibleWithin = reader.duration("create.visibleWithin") ?? .seconds(30)
    fields.format = reader.text("update.format").flatMap(Format.init) ?? .whole
    fields.updatesObserved = reader.text("update.base") == "observed"
    fields.comparison = reader.comparison()
    fields.search = reader.lookup("search")
    fields.isSearched =
      fields.search != nil && identity == nil && reader.value("read.path") == nil
    fields.list = reader.lookup("list")
    fields.version = reader.pointer("version")
    fields.progress = Recipe.Progress(
      pointer: reader.pointer("operation.status"), running: reader.list("operation.running"),
      failed: reader.list("operation.failed"))
    fields.confirmAfter = reader.duration("absence.confirmAfter") ?? .seconds(2)
    fields.replacementLosesData = reader.flag("replacementLosesData") ?? true
    reader.check(fields)
    return fields
  }
}

extension URITemplate {
  /// Stands for a path that is refused.
  static var empty: URITemplate { URITemplate(parts: []) }

  /// What the server calls an object, and nothing else.
  static var identity: URITemplate {
    URITemplate(parts: [.expression(.simple, [Variable(name: "identity")])])
  }

  private init(parts: [Part]) {
    self.parts = parts
    text = parts.isEmpty ? "" : Recipe.identity
  }

  func appending(_ suffix: String) -> URITemplate {
    do throws(Mistake) {
      return try URITemplate(text + suffix)
    } catch {
      return self
    }
  }
}

extension SpecReader {
  mutating func template(_ path: String) -> URITemplate? {
    guard let text = text(path) else { return nil }
    do throws(URITemplate.Mistake) {
      let template = try URITemplate(text)
      if case .text(let start)? = template.parts.first, start.hasPrefix("/") || start.hasPrefix("?")
      {
        return template
      }
      if case .expression(let kind, _)? = template.parts.first,
        [.segment, .query, .reserved].contains(kind) || template == .identity
      {
        return template
      }
      refuse(path, "does not begin with a slash", remedy: "write it like /queues/{name}")
    } catch {
      refuse(
        path, error.message, remedy: "write it like /queues/{vhost}/{name}{?page} (RFC 6570)")
    }
    return nil
  }

  fileprivate func list(_ path: String) -> [Value] {
    if case .list(let values)? = value(path) { values } else { [] }
  }

  fileprivate mutating func operation(
    _ field: String, _ method: String, _ path: URITemplate, done: [Int], absent: [Int]
  ) -> ObjectType.Operation {
    let method = text("\(field).method") ?? method
    let repeatable = ["GET", "HEAD", "PUT", "DELETE"].contains(method)
    return ObjectType.Operation(
      method: method, path: template("\(field).path") ?? path, headers: headers("\(field).headers"),
      body: value("\(field).body").map(BodyTemplate.init), done: numbers("\(field).done") ?? done,
      absent: numbers("\(field).absent") ?? absent, conflict: numbers("\(field).conflict"),
      isRepeatable: flag("\(field).repeatable") ?? repeatable)
  }

  private mutating func headers(_ path: String) -> [ObjectType.Operation.Header] {
    entries(path).compactMap { entry in
      guard case .string(let text) = entry.value else { return nil }
      if !entry.key.isHeaderName || text.utf8.contains(where: { $0 < 0x20 }) {
        refuse(path, "has what no header can have", remedy: "use a plain name and one line")
      }
      return .init(name: entry.key, value: TextTemplate(text))
    }
  }

  fileprivate mutating func identity() -> ObjectType.Identity? {
    let places = ["identity.header", "identity.pointer"].filter { value($0) != nil }
    if value("identity") != nil, places.count != 1 {
      refuse("identity", "must say one place", remedy: "write pointer: /id or header: Location")
    }
    if let header = text("identity.header") {
      if !header.isHeaderName {
        refuse("identity.header", "is no name of a header", remedy: "write it like Location")
      }
      return .header(header)
    }
    return pointer("identity.pointer").map { .pointer($0) }
  }

  fileprivate mutating func comparison() -> ContentComparison {
    var comparison = ContentComparison()
    comparison.isExact = text("compare") == "exact"
    for entry in entries("lists") {
      guard case .string(let rule) = entry.value else { continue }
      comparison.lists[entry.key] =
        switch rule {
        case "sequence": .sequence
        case "set": .set
        default: .key(rule)
        }
    }
    comparison.immutable = texts("immutable") ?? []
    comparison.unread = texts("writeOnly") ?? []
    return comparison
  }

  fileprivate mutating func lookup(_ field: String) -> ObjectType.Lookup? {
    guard value(field) != nil else { return nil }
    var lookup = ObjectType.Lookup(path: template("\(field).path") ?? .empty)
    lookup.items = pointer("\(field).items") ?? .whole
    lookup.identity = pointer("\(field).identity")
    for entry in entries("\(field).match") {
      guard let pointer = JSONPointer(entry.key) else {
        let path = FieldPath([.key(field), .key("match"), .key(entry.key)])
        refuse(path, "is no JSON pointer", remedy: "write it like /name")
        continue
      }
      lookup.match.append(.init(pointer: pointer, value: BodyTemplate(entry.value)))
    }
    if lookup.match.isEmpty {
      refuse(
        "\(field).match", "says nothing",
        remedy: "say which fields of an item are whose: /name: "
          + "\"{name}\"")
    }
    lookup.pages = pages("\(field).pages")
    return lookup
  }

  private mutating func pages(_ field: String) -> Recipe.Pages {
    switch text("\(field).by") {
    case "link": return .link
    case "number":
      return .number(
        parameter: text("\(field).parameter") ?? "page", first: integer("\(field).first") ?? 1,
        size: integer("\(field).size"))
    case "cursor":
      guard let cursor = pointer("\(field).cursor") else {
        refuse(field, "has no cursor", remedy: "say where a response has it: cursor: /next")
        return .one
      }
      return .cursor(parameter: text("\(field).parameter") ?? "cursor", cursor)
    default: return .one
    }
  }
}
