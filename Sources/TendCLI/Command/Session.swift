import Tend
import TendAgent
import TendEngine

/// What every verb needs besides its options: the providers of this command, and where it prints.
struct Session: Sendable {
  /// Set once, around the run of a command.
  @TaskLocal static var current = Session(
    providers: { _ in [] }, console: Console(environment: StateDirectory.variable))

  let providers: @Sendable (ProviderOptions) throws -> [any Provider]
  let console: Console

  /// An engine with this command's providers.
  func engine(
    _ store: some Store, configuration: Engine.Configuration = Engine.Configuration(),
    options: ProviderOptions = ProviderOptions()
  ) throws -> Engine {
    let providers = try providers(options)
    return try Engine(store: store, configuration: configuration, providers: providers)
  }
}

/// What the command tells providers when it makes them.
public struct ProviderOptions: Sendable, Hashable {
  /// Whether content that only its owner may read is shown in plans: `--show-private`.
  public var showsPrivate = false

  /// The defaults.
  public init() {}
}
