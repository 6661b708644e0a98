import Tend
import Testing

@testable import TendEngine

/// What was changed is looked at again: one by one, or many by one list.
@Suite("Changes that are confirmed together", .oneThread, .timeLimit(.minutes(2)))
struct ConfirmingTests {
  private func bench(_ remote: Remote) -> Bench {
    Bench {
      $0.others = [RemoteProvider(remote: remote)]
      $0.limit = 1
    }
  }

  private func declared(_ count: Int, _ value: String) -> [Declaration] {
    [type("Queue", in: "queues")] + (0..<count).map { object("Queue", "\($0)", value) }
  }

  private func count(_ remote: Remote, _ beginning: String) -> Int {
    remote.requests.count { $0.hasPrefix(beginning) }
  }

  @Test("many changes are confirmed by few lists, and few one by one")
  func many() async throws {
    let remote = Remote()
    let bench = bench(remote)
    let report = try await bench.apply("r1", declared(129, "x"))
    #expect(report.converged && report.done.count == 129)
    #expect(count(remote, "POST queues") == 129)
    // How large batches are depends on how fast the work comes.
    #expect(count(remote, "GET queues") <= 64, "\(count(remote, "GET queues")) looks")
    remote.forgetRequests()
    #expect(
      try await bench.apply("r2", declared(128, "x") + [object("Queue", "128", "y")]).converged)
    #expect(count(remote, "GET queues/") == 1, "one change is looked at by itself")
  }

  @Test("a list that is older than the changes does not say that they read back different")
  func oldList() async throws {
    let remote = Remote()
    let bench = bench(remote)
    #expect(try await bench.apply("r1", declared(40, "x")).converged)
    remote.freezeLists()
    remote.forgetRequests()
    let report = try await bench.apply("r2", declared(40, "y"))
    #expect(report.converged && report.problems.isEmpty)
    #expect(count(remote, "PUT queues/") == 40)
    #expect(remote.things(in: "queues").allSatisfy { $0.value == "y" })
  }

  @Test("what was changed and is not confirmed yet counts when the engine ends, and is found")
  func unconfirmed() async throws {
    let remote = Remote()
    let bench = bench(remote)
    let declared = declared(40, "x")
    try await bench.running { engine in
      let plan = try await engine.prepare(snapshot("r1", declared), for: bench.unit)
      await withTaskGroup(of: Void.self) { group in
        group.addTask { _ = try? await engine.apply(plan, by: "test") }
        await eventually("some are made") { remote.things(in: "queues").count >= 20 }
        group.cancelAll()
      }
    }
    #expect(try await bench.apply("r1", declared).converged)
    #expect(remote.things(in: "queues").count == 40, "nothing twice")
  }
}
