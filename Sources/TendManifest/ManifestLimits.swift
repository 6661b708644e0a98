/// Bounds on what is read from manifests, each checked while the text is being read.
///
/// They keep an input that is broken, or was made to harm, from taking the host's memory or time:
/// whatever is refused is refused within 0.2 s and 64 MiB. Every bound is far above what people
/// write by hand; an error names the bound by its property's name.
public struct ManifestLimits: Sendable, Hashable {
  /// Bytes of one file.
  ///
  /// Default: 4 MiB, above any manifest that a person can review.
  public var fileBytes = 4 << 20
  /// Bytes of all manifests of one tree.
  ///
  /// Default: 64 MiB, 100,000 documents of 600 bytes.
  public var treeBytes = 64 << 20
  /// Documents in one file.
  ///
  /// Default: 20,000, since one file is parsed again as a whole.
  public var fileDocuments = 20_000
  /// Documents in one tree.
  ///
  /// Default: 100,000, what one unit is meant to hold.
  public var treeDocuments = 100_000
  /// Levels of maps and lists.
  ///
  /// Default: 100; parsing time grows with the square of the depth.
  public var depth = 100
  /// Values in one file, counting each item of a list and each field of a map.
  ///
  /// Default: 250,000, so that the values of a file stay below 16 MiB.
  public var fileValues = 250_000
  /// Bytes of one scalar.
  ///
  /// Default: 1 MiB; larger content belongs into a file beside the manifest.
  public var scalarBytes = 1 << 20
  /// Bytes that aliases and merge keys may add to one document, at 16 for each value.
  ///
  /// Default: 1 MiB, 65,000 values: a few levels of an alias bomb.
  public var aliasBytes = 1 << 20
  /// Mistakes reported of one file.
  ///
  /// Default: 1,000; the next one says that there are more.
  public var fileDiagnostics = 1000

  /// The defaults.
  public init() {}

  /// No bounds, for what was read within some before.
  static let none = {
    var limits = ManifestLimits()
    limits.fileBytes = .max
    limits.treeBytes = .max
    limits.fileDocuments = .max
    limits.treeDocuments = .max
    limits.depth = .max
    limits.fileValues = .max
    limits.scalarBytes = .max
    limits.aliasBytes = .max
    return limits
  }()
}
