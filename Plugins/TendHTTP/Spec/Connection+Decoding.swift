internal import Tend

extension Connection {
  /// Reads an `API`.
  static func decode(_ declaration: Declaration) throws(Diagnostics) -> Connection {
    var reader = SpecReader(declaration)
    let address = reader.address("url")
    var connection = Connection(
      name: declaration.reference.name, url: address?.description ?? "",
      socket: reader.text("socket"), proxy: reader.address("proxy")?.description,
      authentication: reader.authentication(), headers: reader.headers("headers"),
      certificateAuthority: reader.secret("tls.certificateAuthority"),
      certificate: reader.secret("tls.certificate"), key: reader.secret("tls.key"),
      allowsPlainCredentials: reader.flag("allowPlainCredentials") ?? false)
    connection.limits.concurrency = reader.integer("limits.concurrency") ?? 8
    connection.limits.requestsPerSecond = reader.integer("limits.requestsPerSecond")
    connection.limits.milliseconds =
      (reader.duration("limits.timeout")?.wholeNanoseconds ?? 10_000_000_000) / 1_000_000
    connection.limits.responseSize = reader.size("limits.responseSize") ?? 10 << 20
    connection.attempts = reader.integer("retry.attempts") ?? 5
    connection.health = reader.text("health.path")
    reader.check(connection, address)
    return try reader.finish(connection)
  }
}

extension SpecReader {
  fileprivate mutating func authentication() -> Connection.Authentication {
    let given = ["basic", "bearer", "header", "oauth2"].filter {
      value("authentication.\($0)") != nil
    }
    if let second = given.dropFirst().first {
      refuse(
        "authentication.\(second)", "stands beside \(given[0])", remedy: "keep one of the two")
    }
    let nowhere = SecretSource.environment("")
    switch given.first {
    case "basic":
      return .basic(
        username: text("authentication.basic.username") ?? "",
        password: secret("authentication.basic.password") ?? nowhere)
    case "bearer": return .bearer(secret("authentication.bearer") ?? nowhere)
    case "header":
      return .header(
        name: text("authentication.header.name") ?? "",
        value: secret("authentication.header.value") ?? nowhere)
    case "oauth2":
      return .clientCredentials(
        Connection.Grant(
          tokenURL: address("authentication.oauth2.tokenURL")?.description ?? "",
          clientID: text("authentication.oauth2.clientID") ?? "",
          clientSecret: secret("authentication.oauth2.clientSecret") ?? nowhere,
          scopes: texts("authentication.oauth2.scopes") ?? []))
    default: return .none
    }
  }

  fileprivate func headers(_ path: String) -> [Header] {
    entries(path).compactMap { entry in
      if case .string(let text) = entry.value { Header(name: entry.key, value: text) } else { nil }
    }
  }

  /// A number of bytes, such as `512Ki` or `10Mi`.
  fileprivate mutating func size(_ path: String) -> Int? {
    guard let text = text(path) else { return nil }
    let units = [("Ki", 10), ("Mi", 20)]
    let unit = units.first { text.hasSuffix($0.0) }
    let digits = unit.map { text.dropLast($0.0.utf8.count) } ?? text[...]
    if let number = Int(digits), number > 0, number <= 1 << (30 - (unit?.1 ?? 0)),
      !digits.hasPrefix("+")
    {
      return number << (unit?.1 ?? 0)
    }
    refuse(path, "is no number of bytes up to 1024Mi", remedy: "write it like 512Ki or 10Mi")
    return nil
  }

  fileprivate mutating func check(_ connection: Connection, _ address: WebAddress?) {
    if let socket = connection.socket, !socket.hasPrefix("/") || socket.utf8.contains(0) {
      refuse("socket", "is no absolute path", remedy: "write it like /run/service.sock")
    }
    if connection.socket != nil, connection.proxy != nil {
      refuse("proxy", "stands beside socket", remedy: "keep one of the two")
    }
    if (connection.certificate == nil) != (connection.key == nil) {
      refuse("tls", "has only one of certificate and key", remedy: "give both, or neither")
    }
    if let address, address.target.contains("?") {
      refuse("url", "has a query", remedy: "put it into the paths of the types")
    }
    if let path = connection.health, !path.hasPrefix("/") {
      refuse("health.path", "does not begin with a slash", remedy: "write it like /health")
    }
    if let proxy = connection.proxy.flatMap({ WebAddress($0) }),
      proxy.isSecure || proxy.target != "/"
    {
      refuse("proxy", "is no http:// address alone", remedy: "write it like http://proxy:3128")
    }
    checkPlain(connection)
    let names = connection.headers.map(\.name) + [connection.authentication.headerName]
    for name in names where !name.isHeaderName {
      refuse(
        "headers", "has a name that no header can have", remedy: "use letters, digits and -")
    }
    for header in connection.headers where header.value.utf8.contains(where: { $0 < 0x20 }) {
      refuse("headers", "has a value with a line break", remedy: "take it out")
    }
  }

  /// Who listens on the way would read a credential.
  private mutating func checkPlain(_ connection: Connection) {
    if connection.allowsPlainCredentials || connection.authentication == .none { return }
    let remedy = "use https://, or say allowPlainCredentials: true"
    if connection.isOverheard {
      refuse("url", "would carry a credential in plain text to another machine", remedy: remedy)
    }
    if case .clientCredentials(let grant) = connection.authentication,
      let token = WebAddress(grant.tokenURL), connection.isOverheard(token)
    {
      refuse(
        "authentication.oauth2.tokenURL", "would carry a credential in plain text",
        remedy: remedy)
    }
  }
}

extension Connection {
  /// Whether others may read on the way what is sent.
  var isOverheard: Bool {
    guard !allowsPlainCredentials, socket == nil, let address = WebAddress(url) else {
      return false
    }
    return isOverheard(address)
  }

  /// A proxy elsewhere reads what is meant for this machine as well.
  fileprivate func isOverheard(_ address: WebAddress) -> Bool {
    let isProxyNear = proxy.flatMap { WebAddress($0) }?.isLoopback ?? true
    return !address.isSecure && !(address.isLoopback && isProxyNear)
  }
}

extension Connection.Authentication {
  fileprivate var headerName: String {
    if case .header(let name, _) = self { name } else { "authorization" }
  }
}

extension String {
  /// A token of RFC 9110, section 5.6.2.
  var isHeaderName: Bool {
    !isEmpty && utf8.allSatisfy { Percent.isUnreserved($0) || "!#$%&'*+^`|".utf8.contains($0) }
  }
}
