public import Tend

extension HTTPProvider: Linking {
  /// Refuses objects of APIs with different names that have one URL.
  ///
  /// Objects of one API are told apart by their identities.
  public func link(_ declared: inout [Declared<ObjectSpec>], _: Links) -> [Diagnostic] {
    let shared = Self.sharedServers(of: declared)
    if shared.isEmpty { return [] }
    var known: [String: Declared<ObjectSpec>] = [:]
    var mistakes: [Diagnostic] = []
    for object in declared where shared.contains(object.content.connection.wrappedValue.server) {
      guard let url = object.content.ownURL else { continue }
      guard let other = known[url] else {
        known[url] = object
        continue
      }
      if other.content.id != object.content.id { mistakes.append(Self.clash(other, object, url)) }
    }
    return mistakes
  }

  /// Nobody's URL has changed.
  public func relink(
    _ changed: inout [Declared<ObjectSpec>], from before: [ObjectSpec]
  ) -> Bool {
    zip(changed, before).allSatisfy { object, before in
      object.content.id == before.id && object.content.connection == before.connection
        && (object.content.type.fields.identity == nil) == (before.type.fields.identity == nil)
    }
  }

  /// The servers that more than one API leads to; nearly always none.
  private static func sharedServers(of declared: [Declared<ObjectSpec>]) -> Set<String> {
    var apis: [String: Connection] = [:]
    for object in declared {
      let connection = object.content.connection
      if apis[connection.wrappedValue.name] == nil {
        apis[connection.wrappedValue.name] = connection.wrappedValue
      }
    }
    let servers = Dictionary(grouping: apis.values, by: \.server)
    return Set(servers.filter { $0.value.count > 1 }.keys)
  }

  private static func clash(
    _ one: Declared<ObjectSpec>, _ other: Declared<ObjectSpec>, _ url: String
  ) -> Diagnostic {
    let isInOrder = one.declaration.place < other.declaration.place
    let (first, second) = isInOrder ? (one, other) : (other, one)
    let names = "\(second.declaration.reference) and \(first.declaration.reference)"
    let place = first.declaration.place
    return Diagnostic(
      .duplicateIdentity, at: second.declaration.place,
      "\(names) both have the URL \(url), by APIs with different names; the other stands at "
        + "\(place)",
      remedy: "keep one of them", related: [place])
  }
}

extension Connection {
  /// Who answers there, whatever the path.
  fileprivate var server: String { socket ?? origin }
}

extension ObjectSpec {
  /// The URL that is its alone; nil where the server chooses one.
  fileprivate var ownURL: String? {
    type.fields.identity == nil ? connection.wrappedValue.place + Percent.normalized(path) : nil
  }
}
