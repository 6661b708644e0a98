import InMemoryLogging
import Logging
import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("What the engine logs", .oneThread, .timeLimit(.minutes(2)))
struct LogTests {
  private let records = InMemoryLogHandler()

  private func bench() -> Bench {
    Bench { bench in
      bench.logger = Logger(label: "test") { [records] _ in
        var handler = records
        handler.logLevel = .trace
        return handler
      }
    }
  }

  private func record(_ message: String, of resource: String) -> InMemoryLogHandler.Entry? {
    records.entries.last { "\($0.message)" == message && $0.metadata["resource"] == "\(resource)" }
  }

  @Test("a change says which resource, in which unit, for which revision, and why")
  func change() async throws {
    let bench = bench()
    try await bench.apply("r1", [item("a")])
    let made = try #require(record("resource changed", of: "Item/a"))
    #expect(made.level == .debug)
    #expect(made.metadata["unit"] == "main" && made.metadata["revision"] == "r1")
    #expect(made.metadata["action"] == "create" && made.metadata["cause"] == "revision")
  }

  @Test("drift is news, and so is what goes wrong")
  func news() async throws {
    let bench = bench()
    bench.shelf.failApply("bad", .fail(.permanent("the shelf is full")))
    try await bench.running { engine in
      let plan = try await engine.prepare(
        snapshot("r1", [item("a"), item("bad")]), for: bench.unit)
      _ = try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
      bench.shelf.put("a") { $0.content = "changed" }
      await eventually("it is repaired", on: bench.clock) { bench.shelf["a"]?.content == "x" }
      await eventually("it is logged") { record("resource changed", of: "Item/a")?.level == .info }
    }
    let trouble = try #require(record("resource is in trouble", of: "Item/bad"))
    #expect(trouble.level == .warning && trouble.metadata["result"] == "Failed")
    #expect(trouble.metadata["detail"]?.description.contains("the shelf is full") == true)
  }

  @Test("messages are constant: what varies stands in the metadata")
  func constant() async throws {
    let bench = bench()
    try await bench.apply("r1", [item("a"), item("b")])
    try await bench.apply("r2", [item("a", content: "y"), item("b")])
    let known: Set = [
      "resource changed", "resource noted", "resource is in trouble", "revision accepted",
      "revision converged", "unit is stalled",
    ]
    #expect(!records.entries.isEmpty)
    for entry in records.entries { #expect(known.contains("\(entry.message)"), "\(entry.message)") }
  }

  @Test("a revision that declares nothing is accepted, and then has converged")
  func empty() async throws {
    let bench = bench()
    try await bench.apply("r1", [])
    let told = records.entries.map { "\($0.message)" }.filter { $0.hasPrefix("revision") }
    #expect(told == ["revision accepted", "revision converged"])
  }

  @Test("T63 a sensitive value reaches no log, at no level, whatever fails")
  func canary() async throws {
    let bench = bench()
    let secret = "canary-51c2e0"
    bench.shelf.put("b") { $0.secret = "other-canary-51c2e0" }
    bench.shelf.failApply("a", .fail(.transient("server said no")))
    let declared = [item("a", secret: secret), item("b", content: "1", secret: secret)]
    try await bench.apply("r1", declared)
    #expect(bench.shelf["a"]?.secret == secret)
    #expect(!records.entries.isEmpty)
    for entry in records.entries {
      #expect(!"\(entry.message)\(entry.metadata)".contains("canary-51c2e0"))
    }
  }
}
