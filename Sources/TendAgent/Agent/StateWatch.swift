private import Glibc
import ServiceLifecycle

/// Ends an agent whose state directory was deleted or replaced while it runs.
///
/// What it did from then on would be lost with its next start, and nothing would keep a second
/// agent from beginning beside it.
struct StateWatch<C: Clock<Duration>>: Service {
  private let directory: StateDirectory
  private let clock: C
  private let known: [FileIdentity?]

  /// How often is looked.
  static var interval: Duration { .seconds(2) }

  /// Begins with the files as they are: the store is open, and its lock is held.
  init(_ directory: StateDirectory, clock: C) {
    self.directory = directory
    self.clock = clock
    known = Self.identities(in: directory)
  }

  /// Throws once the files are others than those that the agent has open.
  func run() async throws {
    let isLost = await cancelWhenGracefulShutdown {
      while (try? await clock.sleep(for: Self.interval)) != nil {
        if Self.identities(in: directory) != known { return true }
      }
      return false
    }
    guard isLost else { return }
    throw Failure(
      "StateLost", "\(directory.path) was deleted or replaced while the agent ran",
      remedy: "start the agent again: it begins with what is there now, and what it owned before "
        + "and finds is adopted")
  }

  private static func identities(in directory: StateDirectory) -> [FileIdentity?] {
    ["lock", "tend.db"].map { FileIdentity(at: "\(directory.path)/\($0)") }
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
