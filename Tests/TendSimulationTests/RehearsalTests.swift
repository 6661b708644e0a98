import TendSimulation
import Testing

@Suite("Rehearsals with everything that goes wrong", .timeLimit(.minutes(10)))
struct RehearsalTests {
  @Test("what the documentation shows: a month in which nothing breaks")
  func documented() throws {
    let report = try rehearse {
      [SimulatedFiles(), SimulatedProcesses(), SimulatedService()]
    }
    #expect(report.time >= .seconds(30 * 86_400))
    #expect(report.faults > 500 && report.changes > 500 && report.lives > 30, "\(report)")
  }

  @Test(
    "a year of operation, 60 days from each of six seeds",
    arguments: 11...16 as ClosedRange<UInt64>)
  func year(seed: UInt64) throws {
    var settings = Rehearsal.Settings()
    settings.seed = seed
    settings.days = 60
    settings.shrinkingRuns = 0
    settings.calmEvery = 20
    settings.interval = .seconds(3 * 3600)
    settings.refreshInterval = .seconds(1800)
    let report = try rehearse(settings) {
      [SimulatedFiles(), SimulatedProcesses(), SimulatedService()]
    }
    #expect(report.time >= .seconds(60 * 86_400), "\(report)")
  }

  @Test("one seed gives one history, byte for byte, also in another process")
  func processes() async throws {
    let here = try Self.digest()
    #expect(try Self.digest() == here)
    for _ in 0..<2 {
      let result = await #expect(
        processExitsWith: .success, observing: [\.standardOutputContent]
      ) {
        print("digest=\(try RehearsalTests.digest())")
      }
      let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
      #expect(output.contains("digest=\(here)\n"), "\(output)")
    }
  }

  private static func digest(seed: UInt64 = 3) throws -> String {
    var settings = Rehearsal.Settings()
    settings.seed = seed
    (settings.days, settings.calmEvery) = (4, 4)
    return try rehearse(settings) {
      [SimulatedFiles(), SimulatedProcesses(), SimulatedService()]
    }.digest
  }

  @Test("other seeds give other histories")
  func others() throws {
    #expect(Set(try (1...4).map { try Self.digest(seed: $0) }).count == 4)
  }

  @Test("without faults and deeds nothing happens after the first revision")
  func quiet() throws {
    var settings = Rehearsal.Settings()
    settings.faults = .none
    settings.deeds.commits = 0
    settings.deeds.interferences = 0
    settings.deeds.crashes = 0
    settings.deeds.powerLosses = 0
    settings.deeds.restarts = 0
    settings.deeds.troubles = 0
    settings.days = 10
    let report = try rehearse(settings) { [SimulatedService(count: 4)] }
    #expect(report.faults == 0 && report.changes == 4 && report.lives == 1, "\(report)")
  }
}
