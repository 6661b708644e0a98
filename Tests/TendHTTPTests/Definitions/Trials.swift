import Foundation
import Synchronization
import Tend
import Testing

@testable import TendHTTP

/// The definitions that are shipped.
enum Definitions {
  static func text(
    _ name: String, in folder: String = "Plugins/TendHTTP/Definitions"
  ) throws -> String {
    let root = URL(fileURLWithPath: #filePath).pathComponents.prefix { $0 != "Tests" }
      .joined(separator: "/").dropFirst()
    return try String(
      contentsOfFile: "\(root)/\(folder)/\(name).yaml", encoding: .utf8)
  }
}

/// The real transport; some replies to changes are lost on the way back.
final class LossyTransport: Transport {
  private let transport = ClientTransport()
  private let lost = Mutex(0)
  private let counted = Mutex<[String: Int]>([:])

  func lose(_ count: Int) { lost.withLock { $0 = count } }

  /// How many requests of a method were sent since the last call.
  func takeCount(_ method: String) -> Int {
    counted.withLock { $0.removeValue(forKey: method) ?? 0 }
  }

  func number(of host: String) async throws -> String {
    try await transport.number(of: host)
  }

  func send(_ request: Request, over line: Line, lane: Int) async throws -> Response {
    counted.withLock { $0[request.method, default: 0] += 1 }
    let response = try await transport.send(request, over: line, lane: lane)
    let isLost = lost.withLock { lost in
      guard request.method != "GET", lost > 0 else { return false }
      lost -= 1
      return true
    }
    if isLost { throw TransportError(description: "the reply was lost", isFinal: true) }
    return response
  }
}

/// The life of some objects of one kind, in a real server.
struct Trial: Sendable {
  var kind: String
  /// What each is declared as, by its number and its version.
  var spec: @Sendable (Int, Int) -> String
  /// Makes what they stand on.
  var prepare: @Sendable () async throws -> Void = {}
  /// Changes or removes the first by other means.
  var meddle: @Sendable () async throws -> Void
  /// Whether what is declared stands in the world: version, or nil for gone.
  var count: Int
  /// How many get another version; nil: all.
  var updated: Int?

  func declared(_ version: Int, _ numbers: Range<Int>) -> String {
    numbers.map { number in
      "---\napiVersion: \(kind.split(separator: " ")[0])\nkind: \(kind.split(separator: " ")[1])\n"
        + "metadata: {name: x\(number)}\nspec: \(spec(number, version))\n"
    }.joined()
  }

  /// Creates, leaves alone, repairs, updates, loses a reply and crashes, and deletes.
  func run(_ head: String) async throws {
    let transport = LossyTransport()
    let stage = Stage(transport)
    stage.surroundings.set(.environment("PASSWORD"), "guest")
    let all = 0..<count
    try await prepare()
    // A reply is lost, and the process dies: nothing is made twice.
    try stage.declare(head + declared(1, 0..<1))
    transport.lose(1)
    _ = await stage.failure()
    stage.restart()
    _ = try await stage.pass()
    try stage.declare(head + declared(1, all))
    #expect(try await stage.pass() == count - 1, "\(kind): create")
    #expect(try await stage.pass() == 0, "\(kind): no-op")
    _ = transport.takeCount("GET")
    let listed = try await stage.list()
    if !listed.isEmpty {
      #expect(listed.count == count, "\(kind): list")
      #expect(transport.takeCount("GET") <= 2, "\(kind): one list")
    }
    try await meddle()
    #expect(try await stage.pass() == 1, "\(kind): drift")
    let updated = updated ?? count
    if updated > 0 {
      try stage.declare(head + declared(2, 0..<updated) + declared(1, updated..<count))
      #expect(try await stage.pass() == updated, "\(kind): update")
      #expect(try await stage.pass() == 0, "\(kind): no-op after the update")
    }
    try stage.declare(head)
    stage.restart()
    #expect(try await stage.pass() == count, "\(kind): delete")
  }
}
