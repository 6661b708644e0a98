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

  /// What is kept.
  struct Fields: Codable, Hashable, Sendable {
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

  /// One reference, since it is handed around for every look.
  @Shared private var fields: Fields

  init(_ fields: Fields) {
    self.fields = fields
  }

  /// Decodes what `encode(to:)` has written.
  public init(from decoder: any Decoder) throws {
    fields = try Fields(from: decoder)
  }

  /// Encodes its fields, as if they were its own.
  public func encode(to encoder: any Encoder) throws { try fields.encode(to: encoder) }

  var connection: Connection { fields.connection }
  var recipe: Recipe { fields.recipe }
  var patience: Int64 { fields.patience }
  var isRepeatable: Bool { fields.isRepeatable }
  var confirmation: Int64 { fields.confirmation }
  var stage: Stage {
    get { fields.stage }
    set { fields.stage = newValue }
  }
  var since: Int64? {
    get { fields.since }
    set { fields.since = newValue }
  }
  var identity: String? {
    get { fields.identity }
    set { fields.identity = newValue }
  }
  var key: String? {
    get { fields.key }
    set { fields.key = newValue }
  }
  var operation: String? {
    get { fields.operation }
    set { fields.operation = newValue }
  }
  var digest: String? {
    get { fields.digest }
    set { fields.digest = newValue }
  }

  /// The connection itself, to be handed on.
  var sharedConnection: Shared<Connection> { fields.$connection }

  /// Goes by these from now on.
  mutating func go(
    by connection: Shared<Connection>, _ recipe: Shared<Recipe>, confirmation: Int64
  ) {
    if fields.$connection.isSame(as: connection), fields.$recipe.isSame(as: recipe),
      fields.confirmation == confirmation
    {
      return
    }
    var changed = fields
    changed.$connection = connection
    changed.$recipe = recipe
    changed.confirmation = confirmation
    fields = changed
  }

  /// It is there, and nothing of it is under way; `identity` is what the server calls it now.
  mutating func wasSeen(as identity: String?) {
    var changed = fields
    changed.stage = .seen
    changed.since = nil
    changed.key = nil
    changed.operation = nil
    changed.identity = identity ?? changed.identity
    if changed != fields { fields = changed }
  }

  /// Whether it was seen as what goes by these, and nothing of it is under way.
  func isSettled(by connection: Shared<Connection>, _ recipe: Shared<Recipe>) -> Bool {
    fields.stage == .seen && fields.since == nil && fields.key == nil && fields.operation == nil
      && fields.$connection == connection && fields.$recipe == recipe
  }
}
