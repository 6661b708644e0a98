public import Tend

/// Lets an engine's providers be written one below the other.
@resultBuilder
public enum ProviderList {
  /// One provider.
  public static func buildExpression(_ provider: any Provider) -> [any Provider] { [provider] }
  /// Several that were made elsewhere.
  public static func buildExpression(_ providers: [any Provider]) -> [any Provider] { providers }
  /// All of them, in order.
  public static func buildBlock(_ providers: [any Provider]...) -> [any Provider] {
    providers.flatMap { $0 }
  }
  /// Those under a condition.
  public static func buildOptional(_ providers: [any Provider]?) -> [any Provider] {
    providers ?? []
  }
  /// Those of the first branch.
  public static func buildEither(first providers: [any Provider]) -> [any Provider] { providers }
  /// Those of the second branch.
  public static func buildEither(second providers: [any Provider]) -> [any Provider] { providers }
}
