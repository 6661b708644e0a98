/// What a provider looks after in a trial: a server in memory, a folder, a table of processes.
///
/// The kit makes a fresh one for each history, several hundred in all; one that is gone with its
/// last reference cleans up after itself.
public protocol TrialWorld: Sendable {
  /// Manifests, each of which declares the same resources in another way.
  ///
  /// Two resources and three ways are a good number. A document that is the same in two of them
  /// counts once. All ways declare the same fields, since what is not declared is left as it was.
  var samples: [String] { get }

  /// All that a change could leave behind, a line for each thing.
  ///
  /// Two worlds in which the same is declared have equal contents whatever happened before. So
  /// leave out what chance decides, such as an id that the server chose, and sort the rest.
  func contents() async throws -> [String]
}
