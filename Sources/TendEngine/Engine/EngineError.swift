public import Tend

/// Why the engine did not do what it was asked.
public struct EngineError: Error, Sendable, CustomStringConvertible {
  /// What sort of failure.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// A fixed short label.
    public let description: String

    /// A code of a caller's own.
    public init(_ description: String) { self.description = description }

    /// The manifests have errors; `diagnostics` has all of them.
    public static let invalid = Code("Invalid")
    /// The plan was refused, and nothing was done.
    public static let refused = Code("Refused")
    /// The store failed.
    public static let store = Code("Store")
    /// The source failed.
    public static let source = Code("Source")
    /// There is no such unit, resource or revision.
    public static let notFound = Code("NotFound")
    /// What was asked for is no longer kept.
    public static let gone = Code("Gone")
    /// The name fits more than one.
    public static let ambiguous = Code("Ambiguous")
    /// The engine was set up in a way that can't work.
    public static let configuration = Code("Configuration")
    /// A provider failed at what it was asked by hand.
    public static let provider = Code("Provider")
    /// It is to be left alone for a while.
    public static let suspended = Code("Suspended")
    /// What was planned on is no longer in force; nothing was done.
    public static let moved = Code("Moved")
    /// The call was cancelled.
    public static let cancelled = Code("Cancelled")
  }

  /// What sort of failure.
  public let code: Code
  /// What failed.
  public let message: String
  /// What a person can do about it.
  public let remedy: String?
  /// All that is wrong with what was declared, where that is the reason.
  public let diagnostics: Diagnostics

  /// Says what failed and what to do.
  public init(
    _ code: Code, _ message: String, remedy: String? = nil,
    diagnostics: Diagnostics = Diagnostics()
  ) {
    self.code = code
    self.message = message
    self.remedy = remedy
    self.diagnostics = diagnostics
  }

  init(_ error: StoreError) {
    self.init(.store, error.message, remedy: error.remedy)
  }

  /// One line: what failed, and what to do.
  public var description: String { message + (remedy.map { "; \($0)" } ?? "") }
}
