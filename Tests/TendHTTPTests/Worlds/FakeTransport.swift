import TendTesting

@testable import TendHTTP

/// Carries requests to a service in memory; the kit may let things go wrong on the way.
struct FakeTransport: Transport {
  let service: FakeService
  var faults: Faults?

  func number(of host: String) async throws -> String { service.number(of: host) }

  func send(_ request: Request, over line: Line, lane: Int) async throws -> Response {
    let name = "\(request.method) \(request.address)"
    guard let faults else { return try service.answer(request) }
    if request.method == "GET" {
      return try await faults.read(name) { try service.answer(request) }
    }
    return try await faults.change(name) { try service.answer(request) }
  }
}
