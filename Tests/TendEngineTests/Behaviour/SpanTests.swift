import InMemoryTracing
import Tend
import TendEngine
import TendTesting
import Testing
import Tracing

@Suite("Spans of the engine", .oneThread, .timeLimit(.minutes(2)))
struct SpanTests {
  private let tracer = InMemoryTracer()

  private func spans(_ name: String) -> [FinishedInMemorySpan] {
    tracer.finishedSpans.filter { $0.operationName == name }
  }

  private static func text(_ attribute: SpanAttribute?) -> String? {
    if case .string(let text)? = attribute { text } else { nil }
  }

  @Test("a change is a reconcile in which is observed, applied, and observed again")
  func reconcile() async throws {
    let bench = Bench { $0.tracer = tracer }
    try await bench.apply("r1", [item("a")])
    let plans = spans("tend.plan").map { Self.text($0.attributes.get("tend.revision")) }
    #expect(plans == ["r1"])
    let reconcile = try #require(spans("tend.reconcile").first)
    #expect(spans("tend.reconcile").count == 1)
    #expect(Self.text(reconcile.attributes.get("tend.unit")) == "main")
    #expect(Self.text(reconcile.attributes.get("tend.resource")) == "shelf/v1/Item/a")
    #expect(Self.text(reconcile.attributes.get("tend.provider")) == "shelf")
    let inside = tracer.finishedSpans.filter { $0.parentSpanID == reconcile.spanID }
    #expect(inside.map(\.operationName) == ["tend.observe", "tend.apply", "tend.observe"])
  }

  @Test("what failed says its code, and never its message")
  func failure() async throws {
    let bench = Bench { $0.tracer = tracer }
    let no = Shelf.Fault.fail(.permanent("canary"))
    bench.shelf.failApply("a", no, no, no, no)
    _ = try? await bench.apply("r1", [item("a")])
    let apply = try #require(spans("tend.apply").first)
    #expect(apply.status?.code == .error)
    #expect(Self.text(apply.attributes.get("tend.error")) == "permanent")
    #expect(!"\(tracer.finishedSpans)".contains("canary"))
  }
}
