import Tend

/// The declarations of one provider in one revision, decoded; each in a row of its own.
protocol StagedPart: AnyObject, Sendable {
  /// All kinds that the provider serves in this revision.
  var kindNames: [KindName] { get }
  /// How many rows there are, with those that are vacant.
  var count: Int { get }
  /// Those that could not be decoded.
  var undecoded: [Declaration] { get }

  /// Decodes each into the next row; `previous` is where a row may be taken from, -1 for none.
  func decode(
    _ declarations: [Declaration],
    reusing previous: (part: any StagedPart, rows: [Int32])?
  ) -> [Diagnostic]
  /// Lets the provider take in what it asks of other declarations, in this order of rows.
  func link(_ links: Links, _ order: [Int]) -> [Diagnostic]
  /// Indexes identities; answers with rows whose identity an earlier row has, and that row.
  func identify() -> [(row: Int, first: Int)]

  func declaration(_ row: Int) -> Declaration
  func identity(_ row: Int) -> String
  /// The identities that it had under former names, one for each; throws what is wrong with them.
  func formerIdentities(_ row: Int) throws(Diagnostics) -> [String]
  /// The row of an identity.
  func row(ofIdentity identity: String) -> Int?
  /// The rows that are implied to come first.
  func prerequisites(_ row: Int) -> [Int]
  func fingerprint(_ row: Int) -> Fingerprint?
  /// Whether the row was taken over from the previous revision unchanged.
  func isReused(_ row: Int) -> Bool

  /// A copy with these changes, decoded; nil where something is wrong with it.
  func edited(_ edit: PartEdit, _ premises: Premises) -> EditedPart?
}

/// What a revision changes in the rows of a part.
struct PartEdit: Sendable {
  var replaced: [(row: Int, declaration: Declaration)] = []
  var added: [Declaration] = []
  var removed: [Int] = []
}

/// A part that was edited, before it is linked and identified.
struct EditedPart: Sendable {
  var part: any StagedPart
  /// Rows that were decoded anew, also because a file or a value that they read has changed.
  var changed: [Int] = []
  /// Rows that were vacant or were not there.
  var added: [Int] = []
  var removed: [Int] = []
  /// Whether what the rows were linked to stands, for all that were not changed.
  let relink: @Sendable (EditedPart) -> Bool
  /// Indexes identities anew; nil where that is not enough for the rows that did not change.
  let reidentify: @Sendable (EditedPart) -> Moves?

  /// Which rows stand for another resource than before.
  struct Moves: Sendable {
    /// Rows before whose resource they no longer stand for.
    var left: [Int] = []
    /// Rows that stand for a resource which they did not stand for.
    var moved: [Int] = []
  }
}
