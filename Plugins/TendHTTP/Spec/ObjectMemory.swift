internal import Tend

/// What is remembered of an object: enough to find and delete it when all else is gone.
///
/// It needs neither its declaration nor its type nor its API. Secrets stand there by reference.
public struct ObjectMemory: Codable, Equatable, Sendable {
  /// How far its creation has come.
  enum Stage: String, Codable, Sendable {
    /// About to be made.
    case announced
    /// Made, and not seen since.
    case created
    /// Seen.
    case seen
  }

  @Shared var connection: Connection
  @Shared var recipe: Recipe
  var stage: Stage
  /// When it was announced or made, in seconds since 1970; nil once it was seen.
  var since: Int64?
  /// How long it may stay invisible, in seconds.
  var patience: Int64 = 0
  /// What the server calls it.
  var identity: String?
  /// The idempotency key of its creation, until it is seen.
  var key: String?
  /// Whether the request that makes it may be sent again though the last may have worked.
  var isRepeatable = true
  /// Where the operation is followed that makes or changes it.
  var operation: String?
  /// A keyed digest of the secrets that were written last.
  var digest: String?
  /// How long to wait before what is gone is looked for again, in milliseconds.
  var confirmation: Int64 = 2000

  init(_ connection: Shared<Connection>, _ recipe: Shared<Recipe>, stage: Stage) {
    _connection = connection
    _recipe = recipe
    self.stage = stage
  }
}
