private import Glibc
import ServiceLifecycle

/// Ends an agent whose state directory was deleted or replaced while it runs.
///
/// What it did from then on would be lost with its next start, and nothing would keep a second
/// agent from beginning beside it. The files tell by inotify; what it does not tell of, such as a
/// folder further up that was moved, is noticed within a minute.
struct StateWatch<C: Clock<Duration>>: Service {
  private let directory: StateDirectory
  private let clock: C
  private let events: FileEvents?
  private let known: [FileIdentity?]

  /// How often is looked in any case.
  private var interval: Duration { .seconds(events == nil ? 2 : 60) }

  /// Begins with the files as they are: the store is open, and its lock is held.
  init(_ directory: StateDirectory, clock: C) {
    self.directory = directory
    self.clock = clock
    events = FileEvents(of: [directory.path] + Self.paths(in: directory))
    known = Self.identities(in: directory)
  }

  /// Throws once the files are others than those that the agent has open.
  func run() async throws {
    let isLost = await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Bool.self) { group in
        group.addTask { await listen() }
        group.addTask { await look() }
        for await isLost in group where isLost {
          group.cancelAll()
          return true
        }
        return false
      }
    }
    guard isLost else { return }
    throw Failure(
      "StateLost", "\(directory.path) was deleted or replaced while the agent ran",
      remedy: "start the agent again: it begins with what is there now, and what it owned before "
        + "and finds is adopted")
  }

  private var isLost: Bool { Self.identities(in: directory) != known }

  private func listen() async -> Bool {
    guard let events else { return false }
    while await events.wait() { if isLost { return true } }
    return false
  }

  private func look() async -> Bool {
    while (try? await clock.sleep(for: interval)) != nil { if isLost { return true } }
    return false
  }

  private static func paths(in directory: StateDirectory) -> [String] {
    ["lock", "tend.db"].map { "\(directory.path)/\($0)" }
  }

  private static func identities(in directory: StateDirectory) -> [FileIdentity?] {
    paths(in: directory).map { FileIdentity(at: $0) }
  }
}

/// Which file stands at a path, whatever is in it.
private struct FileIdentity: Sendable, Hashable {
  private let device: UInt64
  private let inode: UInt64

  /// Nil where there is nothing.
  init?(at path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}
