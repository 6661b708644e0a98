/// Why a provider's call failed, and what the engine does next.
public struct ProviderError: Error, Sendable {
  /// What sort of failure; the engine decides from this alone.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    private enum Kind: String, Sendable {
      case transient, permanent, conflict, notPermitted, cancelled
    }
    private let kind: Kind

    /// May work later: retried with exponential backoff.
    public static let transient = Code(kind: .transient)
    /// Will not work before the declaration or the world changes: Stalled, looked at each interval.
    public static let permanent = Code(kind: .permanent)
    /// The world moved since it was observed: observed and planned again at once, a few times.
    public static let conflict = Code(kind: .conflict)
    /// The agent lacks a right: Stalled, looked at each interval.
    public static let notPermitted = Code(kind: .notPermitted)
    /// The call was cancelled; nothing is concluded from it.
    public static let cancelled = Code(kind: .cancelled)

    /// A fixed short label, for metrics and JSON.
    public var description: String { kind.rawValue }
  }

  /// What sort of failure.
  public var code: Code
  /// What was tried and what came of it; names the resource's own words, never a secret.
  public var message: String
  /// What a person can do about it.
  public var remedy: String?
  /// What lies beneath, as text; never a secret.
  public var cause: String?
  /// When to try again, where the other side said so; otherwise backoff decides.
  public var retryAfter: Duration?
  /// The field of the spec that is to blame; the engine turns it into file, line and column.
  public var field: String?

  /// A failure with all that is known about it.
  public init(
    _ code: Code, _ message: String, remedy: String? = nil, cause: (any Error)? = nil,
    retryAfter: Duration? = nil, field: String? = nil
  ) {
    self.code = code
    self.message = message
    self.remedy = remedy
    self.cause = cause.map { "\($0)" }
    self.retryAfter = retryAfter
    self.field = field
  }

  /// May work later.
  public static func transient(
    _ message: String, remedy: String? = nil, retryAfter: Duration? = nil
  ) -> ProviderError {
    ProviderError(.transient, message, remedy: remedy, retryAfter: retryAfter)
  }

  /// Will not work before the declaration or the world changes.
  public static func permanent(
    _ message: String, remedy: String? = nil, field: String? = nil
  ) -> ProviderError {
    ProviderError(.permanent, message, remedy: remedy, field: field)
  }

  /// The world moved since it was observed.
  public static func conflict(_ message: String, remedy: String? = nil) -> ProviderError {
    ProviderError(.conflict, message, remedy: remedy)
  }

  /// The agent lacks a right.
  public static func notPermitted(
    _ message: String, remedy: String? = nil, field: String? = nil
  ) -> ProviderError {
    ProviderError(.notPermitted, message, remedy: remedy, field: field)
  }

  /// The call was cancelled.
  public static var cancelled: ProviderError { ProviderError(.cancelled, "cancelled") }
}

extension ProviderError: CustomStringConvertible {
  /// One line: what failed, why, and what to do.
  public var description: String {
    var text = message
    if let cause { text += ": \(cause)" }
    if let remedy { text += "; \(remedy)" }
    return text
  }
}

/// Runs a body; whatever it throws becomes a `ProviderError` that says what was tried.
///
/// A `ProviderError` passes through, cancellation becomes `.cancelled`, all else gets `code`.
public func attempt<T>(
  _ what: @autoclosure () -> String, as code: ProviderError.Code = .transient,
  _ body: () async throws -> T
) async throws(ProviderError) -> T {
  do {
    return try await body()
  } catch let error as ProviderError {
    throw error
  } catch {
    throw ProviderError(error is CancellationError ? .cancelled : code, what(), cause: error)
  }
}
