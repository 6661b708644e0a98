/// An entry of a purged directory that nobody declares.
struct Stranger: Sendable {
  /// From the directory on: `old.conf`, `old.d/a`.
  let path: String
  let status: Status

  /// What stands for it among the fields of the directory.
  var field: String { "purge.\(path)" }
}
