import Tend
import TendTesting
import Testing

@testable import TendHTTP

private struct World: TrialWorld {
  let service = FakeService()
  let chance = Chance()

  var samples: [String] {
    [sample(1, "red", "hello"), sample(2, "red", "other words"), sample(3, "blue", "hello")]
  }

  private func sample(_ size: Int, _ colour: String, _ text: String) -> String {
    Manifests.note().replacing("  health:", with: "  retry: {attempts: 1}\n  health:")
      + Manifests.item.replacing(Manifests.api, with: "")
      + Manifests.item("a", "size: \(size), colour: \(colour), secret: {fromFile: /run/s}")
      + Manifests.note("n", text: text)
  }

  func contents() async throws -> [String] { service.contents }
}

struct ConformanceTests {
  @Test("the HTTP provider keeps the laws of providers", .timeLimit(.minutes(5)))
  func laws() async throws {
    let report = try await conform(
      world: { World() },
      provider: { world, faults in
        HTTPProvider(
          FakeTransport(service: world.service, faults: faults), random: world.chance.next)
      })
    #expect(report.histories > 200)
  }
}
