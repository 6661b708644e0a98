import ServiceLifecycle
import TendEngine

/// Lets backups expire once an hour, also while nothing changes.
struct BackupSweeper<C: Clock<Duration>>: Service {
  private let backups: BackupDirectory
  private let engine: Engine
  private let clock: C

  init(_ backups: BackupDirectory, engine: Engine, clock: C) {
    self.backups = backups
    self.engine = engine
    self.clock = clock
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while (try? await clock.sleep(for: .seconds(3600))) != nil {
        let owned = Set(engine.resources(Selection()).map(\.identity))
        backups.sweep { owned.contains($0) }
      }
    }
  }
}
