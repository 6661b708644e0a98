import Synchronization
import Tend

@testable import TendHTTP

/// A service that answers as a test says, and remembers what it was asked.
final class Script: Transport {
  private let asked = Mutex<[Request]>([])
  private let lines = Mutex<[Line]>([])
  private let respond: @Sendable (Request, Int) throws -> Response
  /// Where all names lead.
  private let number: String

  /// `respond` gets each request with how often its like was asked before.
  init(
    number: String = "192.0.2.1", _ respond: @escaping @Sendable (Request, Int) throws -> Response
  ) {
    self.number = number
    self.respond = respond
  }

  func send(_ request: Request, over line: Line, lane: Int) async throws -> Response {
    let count = asked.withLock { asked in
      defer { asked.append(request) }
      return asked.count { $0.method == request.method && $0.address == request.address }
    }
    lines.withLock { $0.append(line) }
    // Those who ask at once overlap.
    await Task.yield()
    return try respond(request, count)
  }

  func number(of host: String) async throws -> String { number }

  var requests: [Request] { asked.withLock { $0 } }
  /// How each was sent.
  var paths: [Line] { lines.withLock { $0 } }
  /// What was asked, a line each.
  var log: [String] { requests.map { "\($0.method) \($0.address.target)" } }
}

/// What a unit may touch, by the beginnings of addresses.
final class AllowedAddresses: Limits {
  private let prefixes: [String]

  init(_ prefixes: [String]) { self.prefixes = prefixes }

  func check(_ access: Access) throws(ProviderError) {
    if access.kind != .address || prefixes.contains(where: access.value.hasPrefix) { return }
    throw .notPermitted("\(access) is not allowed")
  }
}
