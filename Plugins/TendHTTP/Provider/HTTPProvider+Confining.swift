public import Tend

extension HTTPProvider: Confining {
  /// The URLs that are asked, where credentials are fetched, and each secret with where it goes.
  public func accesses(for target: Target<ObjectSpec>) -> [Access] {
    guard let connection = target.desired?.connection.wrappedValue ?? target.memory?.connection
    else {
      return []
    }
    var accesses = [Access(.address, connection.url, field: "api")]
    if case .clientCredentials(let grant) = connection.authentication {
      accesses.append(Access(.address, grant.tokenURL, field: "api"))
    }
    if let path = connection.socket { accesses.append(Access(.path, path, field: "api")) }
    var addresses = target.desired?.addresses ?? []
    if target.desired == nil, let recipe = target.memory?.recipe { addresses = recipe.addresses }
    accesses += addresses.map { Access(.address, $0, field: "path") }
    let sources = connection.references + (target.desired?.secrets ?? [])
    var pairs = sources.map { ($0, connection.origin) }
    if case .clientCredentials(let grant) = connection.authentication {
      pairs[0].1 = WebAddress(grant.tokenURL)?.origin ?? grant.tokenURL
    }
    var known: Set<String> = []
    for (source, origin) in pairs where known.insert("\(source) for \(origin)").inserted {
      accesses.append(Access(.secret, "\(source) for \(origin)", field: "api"))
    }
    return accesses
  }
}

extension Connection {
  /// To what a secret is bound: it goes nowhere else.
  var origin: String { WebAddress(url)?.origin ?? url }
}

extension Recipe {
  fileprivate var addresses: [String] {
    [read?.url, search?.ask.url, delete.url].compactMap { $0 }.filter { $0 != Recipe.identity }
  }
}

extension ObjectSpec {
  /// The URLs of all its requests.
  fileprivate var addresses: [String] {
    var addresses = recipe.wrappedValue.addresses
    for operation in [type.fields.create, type.fields.update] {
      if let address = address(of: operation, "x") { addresses.append(address.description) }
    }
    if let listing { addresses.append(listing.ask.url) }
    return addresses
  }
}
