private import Glibc
import Logging
import ServiceLifecycle
private import Tend

/// Keeps a file of metrics for node_exporter's textfile collector.
///
/// Readers see a whole file, always: it is written beside and renamed. It is readable by all, as
/// the collector runs as a user of its own, and it is removed when the agent ends, so that nobody
/// takes old numbers for new ones.
struct MetricsFile<C: Clock<Duration>>: Service {
  /// How often it is written.
  static var interval: Duration { .seconds(15) }

  private let path: String
  private let clock: C
  private let logger: Logger
  private let text: @Sendable () -> String

  init(at path: String, clock: C, logger: Logger, text: @escaping @Sendable () -> String) {
    self.path = path
    self.clock = clock
    self.logger = logger
    self.text = text
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var hasFailed = false
      repeat {
        do {
          try await onThreadOfItsOwn { try write(text()) }
          hasFailed = false
        } catch {
          // Once is enough: it is tried again and again.
          if !hasFailed {
            logger.warning(
              "metrics file can't be written", metadata: ["path": "\(path)", "error": "\(error)"])
          }
          hasFailed = true
        }
      } while (try? await clock.sleep(for: Self.interval)) != nil
    }
    unlink(path)
  }

  func write(_ text: String) throws(Failure) {
    let temporary = path + ".new"
    let descriptor = open(
      temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw failure() }
    let isWritten =
      fchmod(descriptor, 0o644) == 0 && write(Array(text.utf8), to: descriptor)
      && rename(temporary, path) == 0
    let error = errno
    close(descriptor)
    guard isWritten else {
      unlink(temporary)
      throw failure(error)
    }
  }

  private func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private func failure(_ error: Int32 = errno) -> Failure {
    Failure("MetricsFile", "\(path) can't be written: \(errnoText(error))")
  }
}
