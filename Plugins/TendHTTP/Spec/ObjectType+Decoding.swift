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
      absent: numbers("\(field).absent") ?? absent,
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
    if let header = text("identity.header") { return .header(header) }
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

  // MARK: What belongs together

  fileprivate mutating func check(_ fields: ObjectType.Fields) {
    let names = Set(fields.parameters.filter { !$0.isSecret }.map(\.name))
    let bound = Set(
      fields.parameters.filter { !$0.isSecret && ($0.isRequired || $0.defaultValue != nil) }
        .map(\.name))
    let secret = Set(fields.parameters.filter(\.isSecret).map(\.name))
    for (field, template, isNamed) in paths(of: fields) {
      for name in template.variables where !bound.contains(name) && name != "correlation" {
        if name == "identity", isNamed { continue }
        refuseVariable(name, field, names, secret)
      }
    }
    for (field, body) in bodies(of: fields) {
      for (name, path) in body.placeholders() where name != "correlation" {
        if names.contains(name) || secret.contains(name) { continue }
        let steps = (FieldPath(field) ?? FieldPath([])).steps + path.steps
        refuseName(name, FieldPath(steps), names.union(secret))
      }
    }
    checkIdentity(fields)
    if fields.format != .whole, fields.update.method == "PUT", value("update.method") == nil {
      refuse("update.format", "needs another method", remedy: "add method: PATCH")
    }
  }

  private func paths(
    of fields: ObjectType.Fields
  ) -> [(field: String, template: URITemplate, isNamed: Bool)] {
    let isNamed = fields.identity != nil || fields.search?.identity != nil
    var all = [("path", fields.path, false)]
    for (field, operation, isNamed) in [
      ("read", fields.read, isNamed), ("create", fields.create, false),
      ("update", fields.update, isNamed), ("delete", fields.delete, isNamed),
    ] where value("\(field).path") != nil {
      all.append(("\(field).path", operation.path, isNamed))
    }
    if let search = fields.search { all.append(("search.path", search.path, false)) }
    if let list = fields.list { all.append(("list.path", list.path, false)) }
    return all
  }

  private func bodies(of fields: ObjectType.Fields) -> [(field: String, body: BodyTemplate)] {
    var all: [(String, BodyTemplate)] = []
    if let body = fields.body { all.append(("body", body)) }
    for (field, operation) in [
      ("read", fields.read), ("create", fields.create), ("update", fields.update),
      ("delete", fields.delete),
    ] {
      if let body = operation.body { all.append(("\(field).body", body)) }
      for header in operation.headers {
        all.append(("\(field).headers", .map([.init(key: header.name, body: .text(header.value))])))
      }
    }
    for (field, lookup) in [("search", fields.search), ("list", fields.list)] {
      for match in lookup?.match ?? [] {
        all.append(
          ("\(field).match", .map([.init(key: match.pointer.description, body: match.value)])))
      }
    }
    return all
  }

  private mutating func refuseVariable(
    _ name: String, _ field: String, _ names: Set<String>, _ secret: Set<String>
  ) {
    if secret.contains(name) {
      refuse(field, "has the secret {\(name)} in a URL", remedy: "put it into a header or the body")
    } else if names.contains(name) {
      refuse(
        field, "has {\(name)}, which need not be there",
        remedy: "give the parameter required: true or a default")
    } else if name == "identity" {
      refuse(
        field, "has {identity}, but the server names nothing here",
        remedy: "say where it does with identity: {pointer: /id}")
    } else {
      refuseName(name, FieldPath(field) ?? FieldPath([]), names)
    }
  }

  private mutating func refuseName(_ name: String, _ path: FieldPath, _ names: Set<String>) {
    let near = nearest(to: name, among: names.sorted())
    let known =
      names.isEmpty ? "there are none" : "they are " + names.sorted().joined(separator: ", ")
    refuse(
      path, "has {\(name)}, which is no parameter",
      remedy: near.map { "did you mean {\($0)}?" }
        ?? "declare it under parameters, \(known); or write {{\(name)}} for the text itself",
      .reference)
  }

  /// What the server names must be found again where its reply was lost.
  private mutating func checkIdentity(_ fields: ObjectType.Fields) {
    guard fields.identity != nil, fields.search == nil, fields.idempotencyKey == nil else { return }
    refuse(
      "identity", "can't be found again where a reply is lost",
      remedy: "add search:, or create.idempotencyKey: where the service takes one")
  }
}
