public import Tend
public import TendEngine

/// Why a request was not answered: an `EngineError` that can travel.
public struct Failure: Error, Sendable, Hashable, Codable, CustomStringConvertible {
  /// One word for machines: `Invalid`, `NotFound`, `Followed`.
  public var code: String
  /// What failed.
  public var message: String
  /// What a person can do about it.
  public var remedy: String?
  /// What is wrong with the manifests, where that is the reason.
  public var diagnostics: [DiagnosticDocument]

  /// Says what failed and what to do.
  public init(
    _ code: String, _ message: String, remedy: String? = nil,
    diagnostics: [DiagnosticDocument] = []
  ) {
    self.code = code
    self.message = message
    self.remedy = remedy
    self.diagnostics = diagnostics
  }

  /// The same as the engine said it.
  public init(_ error: EngineError) {
    self.init(
      error.code.description, error.message, remedy: error.remedy,
      diagnostics: error.diagnostics.sorted.all.map(DiagnosticDocument.init))
  }

  /// Manifests that can't be used.
  public init(_ diagnostics: Diagnostics) {
    let all = diagnostics.sorted.all
    self.init(
      "Invalid", all.count == 1 ? "1 error" : "\(all.count) errors",
      diagnostics: all.map(DiagnosticDocument.init))
  }

  /// One line: what failed, and what to do.
  public var description: String { message + (remedy.map { "; \($0)" } ?? "") }
}

extension Failure {
  /// Whatever was thrown, as a failure.
  public init(_ error: any Error) {
    switch error {
    case let error as Failure: self = error
    case let error as EngineError: self.init(error)
    case let error as Diagnostics: self.init(error)
    case let error as StoreError:
      self.init("Store", error.message, remedy: error.remedy)
    case let error as SourceError:
      self.init(error.code.description, error.message, remedy: error.remedy)
    case is CancellationError: self.init("Cancelled", "cancelled")
    default: self.init("Internal", "\(error)")
    }
  }
}

/// One mistake in a manifest, as JSON.
public struct DiagnosticDocument: Sendable, Hashable, Codable {
  /// What sort of mistake.
  public var code: String
  /// Where, if it has a place.
  public var source: ChangeDocument.Position?
  /// What is wrong.
  public var message: String
  /// What to do about it.
  public var remedy: String?
  /// Other places that have to do with it.
  public var related: [ChangeDocument.Position]

  /// Describes a mistake.
  public init(_ diagnostic: Diagnostic) {
    code = diagnostic.code.description
    source = diagnostic.place.map { ChangeDocument.Position($0) }
    message = diagnostic.message
    remedy = diagnostic.remedy
    related = diagnostic.related.map { ChangeDocument.Position($0) }
  }

  /// The mistake that this describes.
  public var diagnostic: Diagnostic {
    Diagnostic(
      Diagnostic.Code(code), at: source?.place, message, remedy: remedy,
      related: related.map(\.place))
  }
}
