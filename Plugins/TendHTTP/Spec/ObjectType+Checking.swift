internal import Tend

/// What belongs together in a type, and what an object makes of it.
extension SpecReader {
  mutating func check(_ fields: ObjectType.Fields) {
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
    checkRules(fields)
    if fields.format != .whole, fields.update.body != nil {
      refuse(
        "update.body", "stands beside format: \(fields.format.rawValue), which makes one",
        remedy: "keep one of the two")
    }
    if fields.format != .whole, fields.update.method == "PUT", value("update.method") == nil {
      refuse("update.format", "needs another method", remedy: "add method: PATCH")
    }
  }

  /// A rule for a field that the body does not have would hold for nothing.
  private mutating func checkRules(_ fields: ObjectType.Fields) {
    guard let body = fields.body else { return }
    let lists = fields.comparison.lists.keys.sorted().map {
      ($0, FieldPath([.key("lists"), .key($0)]))
    }
    let fixed = fields.comparison.immutable.enumerated().map {
      ($1, FieldPath([.key("immutable"), .index($0)]))
    }
    for (rule, place) in fixed + lists {
      guard let names = body.namesMissing(rule) else { continue }
      let near = nearest(to: rule, among: names)
      let known = names.isEmpty ? "it has no fields" : "it has " + names.joined(separator: ", ")
      refuse(
        place, "is about \(rule), which the body does not have",
        remedy: near.map { "did you mean \($0)?" } ?? known, .reference)
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

  /// An object whose path leads upward, or whose secrets others could read on the way.
  mutating func check(_ spec: ObjectSpec, _ fields: ObjectType.Fields) {
    if spec.path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) {
      let parameter = fields.parameters.first { parameter in
        [".", ".."].contains(spec.bindings.value(parameter.name)?.plainText)
      }
      refuse(
        parameter?.name ?? "path", "makes the path \(spec.path), which leads upward",
        remedy: "write where it is without . and ..")
    }
    let connection = spec.connection.wrappedValue
    guard connection.isOverheard, !spec.secrets.isEmpty else { return }
    let parameter = fields.parameters.first { value($0.name) != nil && $0.isSecret }
    refuse(
      parameter?.name ?? "secrets",
      "would go in plain text to another machine, \(connection.origin)",
      remedy: "let API \(connection.name) use https://, or say allowPlainCredentials: true")
  }

  /// What the server names must be found again where its reply was lost.
  private mutating func checkIdentity(_ fields: ObjectType.Fields) {
    guard fields.identity != nil, fields.search == nil, fields.idempotencyKey == nil else { return }
    refuse(
      "identity", "can't be found again where a reply is lost",
      remedy: "add search:, or create.idempotencyKey: where the service takes one")
  }
}
