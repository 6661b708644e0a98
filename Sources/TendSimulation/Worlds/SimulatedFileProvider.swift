public import Tend

/// A file as it was found.
public struct SimulatedFile: Resource {
  /// Its path.
  public let id: String
  /// Its content; nil where only a temporary file of an earlier attempt is left.
  public var content: String?
  /// Whether it holds the secret that is declared; nil where none is.
  public var holdsSecret: Bool?
  /// Whether a temporary file is left.
  public var isLittered: Bool

  /// Describes a file.
  public init(
    id: String, content: String?, holdsSecret: Bool? = nil, isLittered: Bool = false
  ) {
    self.id = id
    self.content = content
    self.holdsSecret = holdsSecret
    self.isLittered = isLittered
  }
}

/// A file as it should be.
public struct SimulatedFileSpec: DesiredState, Decodable {
  /// Where it is.
  public let path: String
  /// What is in it, unless a secret is.
  public let content: String?
  /// The variable whose value is in it.
  public let secret: String?

  /// Its path.
  public var id: String { path }

  /// Compares content, or whether the secret is in it.
  public func differences(from current: SimulatedFile?) -> [Difference] {
    compare { comparison in
      if secret != nil {
        comparison.secret("secret", isCurrent: current.map { $0.holdsSecret == true })
      } else {
        comparison.field("content", current?.content == content, true)
      }
      comparison.field("litter", current?.isLittered ?? false, false)
    }
  }
}

/// Keeps simulated files, and is right: a temporary file, synced, then renamed.
public struct SimulatedFileProvider: Provider, DriftReporting {
  let client: SimulatedFileClient

  /// A provider for one life.
  public init(client: SimulatedFileClient) { self.client = client }

  /// `files/v1 File`.
  public var kinds: [Kind<SimulatedFileSpec>] { [Self.kind] }

  /// What providers of simulated files serve.
  public static let kind = Kind<SimulatedFileSpec>(
    "files/v1 File",
    Schema(
      "A file.",
      [
        .string("path", required: true, "Where it is."),
        .string("content", "What is in it."),
        .string("secret", "The variable whose value is in it."),
      ]))

  /// Reads the file and the one that may be left of an earlier attempt.
  public func observe(
    _ target: Target<SimulatedFileSpec>, _ context: Context
  ) async throws(ProviderError) -> SimulatedFile? {
    let content = try await client.read(target.id)
    let isLittered = try await client.read(target.id + SimulatedFileClient.suffix) != nil
    if content == nil, !isLittered { return nil }
    var file = SimulatedFile(id: target.id, content: content, isLittered: isLittered)
    if let name = target.desired?.secret {
      file.holdsSecret = content == (try await context.secret(.environment(name))).reveal()
    }
    return file
  }

  /// Writes or removes.
  public func apply(
    _ change: Change<SimulatedFileSpec>, _ journal: Journal<SimulatedFileSpec>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    switch change.action {
    case .create(let file), .update(_, let file), .replace(_, let file):
      try await write(file, context)
    case .delete(let file):
      try await client.remove(file.id + SimulatedFileClient.suffix)
      try await client.remove(file.id)
      try await client.syncFolder(of: file.id)
    }
    return .done
  }

  private func write(
    _ file: SimulatedFileSpec, _ context: Context
  ) async throws(ProviderError) {
    let temporary = file.path + SimulatedFileClient.suffix
    try await client.write(content(file, context), to: temporary)
    try await client.sync(temporary)
    try await client.rename(temporary, to: file.path)
    try await client.syncFolder(of: file.path)
  }

  private func content(
    _ file: SimulatedFileSpec, _ context: Context
  ) async throws(ProviderError) -> String {
    guard let name = file.secret else { return file.content ?? "" }
    return try await context.secret(.environment(name)).reveal()
  }

  /// Reports what others do.
  public func watch(_ drift: Drift<String>) async throws(ProviderError) {
    await client.watch(drift)
    throw .cancelled
  }

  /// All are watched.
  public func forget(_ id: String) {}
}
