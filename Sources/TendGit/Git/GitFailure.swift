internal import TendEngine

/// Why a run of `git` gave no answer; what it printed is already redacted and printable.
enum GitFailure: Error, Sendable, Hashable {
  /// The task was cancelled and the process stopped.
  case cancelled
  /// It could not be started.
  case notStarted(String)
  /// Nothing came from it for the deadline; it was stopped.
  case silent(Duration)
  /// It ended with a status other than zero, or by a signal; what it said.
  case exited(Int32, String)
  /// It took longer than it may in all; it was stopped.
  case late(Duration)
  /// The mirror came to take more bytes than it may; it was stopped.
  case bulky(Int)
  /// It printed more than was allowed.
  case flood(Int)
  /// Who talked with it found a reason to stop.
  case cause(SourceError)
  /// It ended, or answered what nobody asked, in the middle of a conversation.
  case broken(String)
}
