import Instrumentation
import Tend
import Tracing

/// Tells a tracer what the engine does, as spans within spans.
///
/// Without a tracer nothing is made, and no context is looked up. A span holds names and codes;
/// never a message, since that may quote what it should not.
struct Spans: Sendable {
  let tracer: (any Tracer)?

  /// What belongs to a span; read only where there is a tracer.
  typealias Attributes = () -> KeyValuePairs<String, String>

  /// Runs a body within a span of its own, which is the parent of all that the body begins.
  func around<Answer, Failure: Error>(
    _ name: String, _ attributes: Attributes, _ body: () async throws(Failure) -> Answer
  ) async throws(Failure) -> Answer {
    guard let tracer else { return try await body() }
    let span = tracer.startSpan(name)
    defer { span.end() }
    for (key, value) in attributes() { span.attributes[key] = value }
    let result = await InstrumentationContext.$current.withValue(span.context) {
      () async -> Swift.Result<Answer, Failure> in
      do throws(Failure) {
        return .success(try await body())
      } catch {
        return .failure(error)
      }
    }
    if case .failure(let error) = result {
      span.setStatus(SpanStatus(code: .error))
      if let code = Self.code(of: error) { span.attributes["tend.error"] = code }
    }
    return try result.get()
  }

  private static func code(of error: any Error) -> String? {
    switch error {
    case let error as ProviderError: error.code.description
    case let error as EngineError: error.code.description
    case let error as SourceError: error.code.description
    default: nil
    }
  }
}
