import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("T62, T63: secrets", .oneThread, .timeLimit(.minutes(1)))
struct SecretTests {
  private let canary = "canary-7f3a9b"

  @Test("a sensitive value reaches no plan, event, status or store, whatever fails")
  func canaries() async throws {
    let bench = Bench(CountingStore())
    bench.shelf.put("b") { $0.secret = "other-canary-7f3a9b" }
    let declared = [item("a", secret: canary), item("b", content: "1", secret: canary)]
    var texts: [String] = []
    let plan = try await bench.plan("r1", declared)
    #expect(plan.changes.allSatisfy { $0.differences.contains { $0.difference.isSensitive } })
    texts.append("\(plan)")
    bench.shelf.failApply("a", .fail(.transient("server said no")))
    try await bench.running { engine in
      let plan = try await engine.prepare(snapshot("r1", declared), for: bench.unit)
      _ = try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
    }
    #expect(bench.shelf["a"]?.secret == canary)
    bench.shelf.put("a") { $0.content = "changed beside the secret" }
    texts.append("\(try await bench.plan("r1", declared))")
    texts += (bench.store as? CountingStore)?.writes.map { "\($0)" } ?? []
    texts += try await bench.events().map { "\($0)" }
    #expect(!texts.isEmpty && texts.allSatisfy { !$0.contains("canary-7f3a9b") })
  }

  @Test("a secret that a provider read is masked where its errors and notes echo it")
  func echoed() async throws {
    let canary = canary
    let bench = Bench(CountingStore()) {
      $0.others = [EchoProvider()]
      $0.secrets = ["environment variable TOKEN": canary]
    }
    let declared = [
      Declaration(
        Reference(kind: "echo/v1 Echo", name: "a"), spec: [:],
        at: Place(file: "e.yaml", line: 1, column: 1))
    ]
    try await bench.running { engine in
      let plan = try await engine.prepare(snapshot("r1", declared), for: bench.unit)
      let report = try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
      let events = try await engine.events()
      let texts = [
        "\(report)", "\(engine.resources())", "\(events)",
        "\((bench.store as? CountingStore)?.writes ?? [])",
      ]
      #expect(report.problems.first?.message.contains("(sensitive)") == true)
      #expect(events.contains { $0.kind == .note && $0.message.contains("(sensitive)") })
      #expect(texts.allSatisfy { !$0.contains(canary) })
    }
  }

  @Test("a failed decoding does not quote a sensitive value")
  func decoding() throws {
    let declaration = Declaration(
      Reference(kind: "shelf/v1 Item", name: "a"),
      spec: ["path": "a", "secret": [.string(canary)]],
      at: Place(file: "a.yaml", line: 1, column: 1))
    let found = try Bench().engine().validate(snapshot("r1", [declaration]), unit: "main")
    #expect(found.all.count == 1 && !"\(found)".contains(canary))
  }
}

/// Reads a secret and says it aloud wherever it can.
private struct EchoProvider: Provider {
  struct Row: Resource { let id: String }

  struct Echo: DesiredState {
    var id: String
    func differences(from current: Row?) -> [Difference] {
      compare { $0.field("there", current.map { _ in true }, true) }
    }
  }

  let kinds = [
    Kind<Echo>("echo/v1 Echo", Schema("An echo.", [])) { Echo(id: $0.reference.name) }
  ]

  func observe(_ target: Target<Echo>, _ context: Context) async throws(ProviderError) -> Row? {
    nil
  }

  func apply(
    _ change: Change<Echo>, _ journal: Tend.Journal<Echo>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    let token = try await context.secret(.environment("TOKEN")).reveal()
    context.note("logged in with \(token)", [Detail("token", token)])
    throw .permanent("401 for \(token)", remedy: "replace \(token)")
  }
}
