private import Logging
private import Synchronization
internal import SystemPackage
internal import Tend
internal import TendEngine

/// Waits until a directory has changed and rests, by inotify.
///
/// The watches are made anew for each change: so none is missing of what was added, none is left of
/// what was moved away, and an overflow is no more than a change.
final class DirectoryWatch: Sendable {
  private let configuration: DirectoryConfiguration
  private let state = Mutex(State())

  private struct State {
    var tree: WatchedTree?
    /// Why the directory can't be watched, once that was said.
    var whyPolled: String?
  }

  /// How long until watching is tried again where it can't be.
  private static let retry = Duration.seconds(60)
  /// Rests that are waited for in a directory that never rests; then it is read all the same, and
  /// the reading decides.
  private static let patience = 10

  init(_ configuration: DirectoryConfiguration) { self.configuration = configuration }

  /// Returns once something changed, and then nothing for as long as the configuration says.
  ///
  /// The first time at once, and whenever changes may have been missed. For one caller at a time;
  /// returns early where its task is cancelled.
  func wait() async {
    if let tree = state.withLock({ $0.tree }) {
      await tree.wait()
      if Task.isCancelled { return }
      await rest(tree)
      state.withLock { $0.tree = nil }
    }
    // Watched again before it is read: what changes from now on is seen by the next wait.
    while !Task.isCancelled, await !begin() {
      try? await configuration.clock.sleep(for: Self.retry)
    }
  }

  /// Why nothing can be noticed now; nil: it can.
  var whyPolled: String? { state.withLock { $0.whyPolled } }

  private func begin() async -> Bool {
    do throws(Errno) {
      let tree = try await BlockingThread.run { [configuration] () throws(Errno) in
        try WatchedTree(FilePath(configuration.path), configuration.limits)
      }
      let wasPolled = state.withLock { state in
        defer { state = State(tree: tree) }
        return state.whyPolled != nil
      }
      if wasPolled { configuration.logger.info("directory is watched again", metadata: place) }
      return true
    } catch {
      let reason = reason(for: error)
      let isNews = state.withLock { state in
        defer { state.whyPolled = reason }
        return state.whyPolled == nil
      }
      if isNews {
        configuration.logger.warning(
          "directory is polled, since it can't be watched",
          metadata: place.merging(["reason": "\(reason)"]) { $1 })
      }
      return false
    }
  }

  private func rest(_ tree: WatchedTree) async {
    for _ in 0..<Self.patience {
      tree.drain()
      let slept: ()? = try? await configuration.clock.sleep(for: configuration.settle)
      guard slept != nil, tree.hasEvents else { return }
    }
  }

  private var place: Logger.Metadata { ["path": "\(configuration.path)"] }

  private func reason(for error: Errno) -> String {
    switch error {
    case .noSpace: "the user's inotify watches are used up: fs.inotify.max_user_watches"
    case .tooManyOpenFiles: "the user's inotify instances or open files are used up"
    case .tooManyLinks: "it has more than \(configuration.limits.entries) directories"
    default: "\(error)"
    }
  }
}
