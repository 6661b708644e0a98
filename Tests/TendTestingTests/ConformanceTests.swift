import TendTesting
import Testing

struct ConformanceTests {
  private func examine(_ mistake: Mistake?) async throws -> ConformanceReport {
    try await TendTesting.examine(
      world: { DepotWorld() },
      provider: { world, faults in
        BoxProvider(client: DepotClient(depot: world.depot, faults: faults), mistake: mistake)
      })
  }

  @Test("a provider that keeps all laws passes, under faults at every boundary")
  func correct() async throws {
    let report = try await examine(nil)
    #expect(report.breaches.isEmpty, "\(report)")
    #expect(report.boundaries > 20)
    #expect(report.faults > 100)
    #expect(report.untried.isEmpty)
  }

  @Test("each mistake is found, with the law that it breaks", arguments: Mistake.allCases)
  func planted(_ mistake: Mistake) async throws {
    let report = try await examine(mistake)
    let found = report.breaches.map(\.law)
    #expect(found.contains { mistake.laws.contains($0) }, "\(report)")
  }

  @Test("the same seed finds the same")
  func replay() async throws {
    let first = try await examine(.stateIsShared)
    let second = try await examine(.stateIsShared)
    #expect(first.description == second.description)
    #expect(!first.breaches.isEmpty)
  }

  @Test("a report names the law, what was seen, and the steps that led there")
  func text() async throws {
    let report = try await examine(.placeholderStays)
    let breach = try #require(report.breaches.first { $0.law == .interruptionIsMended })
    #expect(
      breach.description == """
        interruptionIsMended: the world is not as it would be otherwise: \
        + new-a red 1 secret-one small [] 0
          1. declare Box/a as in sample 1
          2. a pass of Box/a with a crash after POST /boxes new-a
        """)
  }

  @Test("samples that do not decode are refused with their place")
  func badSamples() async throws {
    struct Broken: TrialWorld {
      let samples = [
        "apiVersion: depot/v1\nkind: Box\nmetadata: {name: a}\nspec: {weight: x}\n"
      ]
      func contents() async throws -> [String] { [] }
    }
    let error = await #expect(throws: ConformanceError.self) {
      try await conform(
        world: { Broken() },
        provider: { _, faults in
          BoxProvider(client: DepotClient(depot: Depot(), faults: faults), mistake: nil)
        })
    }
    #expect(error?.description.contains("sample-1.yaml:4:") == true)
  }
}

extension Mistake: CustomTestStringConvertible {
  var testDescription: String { rawValue }
}
