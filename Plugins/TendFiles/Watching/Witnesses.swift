private import Synchronization

/// The directories of entries that are fought over; all others cost nothing.
final class Witnesses: Sendable {
  /// Directories at once; those asked for first go first.
  private static let most = 8

  private struct State {
    var witnesses: [(directory: ByteText, witness: Witness)] = []
    /// Whether the kernel refused: then it is not asked again.
    var isRefused = false
  }

  private let state = Mutex(State())

  /// Who changed an entry of a directory last, since it was asked for first.
  func opponent(of name: String, in path: String, _ directory: HeldDirectory?) -> String? {
    let witness = state.withLock { state -> Witness? in
      let key = ByteText(path)
      state.witnesses.removeAll { $0.witness.hasEnded }
      if let known = state.witnesses.first(where: { $0.directory == key }) { return known.witness }
      guard !state.isRefused, let directory else { return nil }
      guard let witness = Witness(of: directory) else {
        state.isRefused = true
        return nil
      }
      state.witnesses.append((key, witness))
      if state.witnesses.count > Self.most { state.witnesses.removeFirst().witness.end() }
      return witness
    }
    return witness?.opponent(of: name)
  }

  /// Nobody asks any more.
  func end() {
    let ended = state.withLock { state in
      defer { state.witnesses = [] }
      return state.witnesses
    }
    for (_, witness) in ended { witness.end() }
  }
}
