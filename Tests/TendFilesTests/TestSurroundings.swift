import Crypto
import Foundation
import Synchronization
import Tend

/// What stands behind a context in these tests: a wall clock that can be moved, a key, a store.
final class TestSurroundings: Surroundings {
  let backups: (any BackupStore)?
  let isRepair: Bool
  private let key: String
  private let deadline: Duration
  private let offset = Atomic<Int64>(0)

  init(
    key: String = "key", backups: (any BackupStore)? = nil, isRepair: Bool = false,
    deadline: Duration = .seconds(60)
  ) {
    self.deadline = deadline
    self.key = key
    self.backups = backups
    self.isRepair = isRepair
  }

  /// Moves the wall clock on, from the real time.
  func advance(by duration: Duration) {
    offset.add(duration.nanoseconds, ordering: .relaxed)
  }

  var context: Context { Context(self, deadline: deadline) }

  var monotonic: Duration { .zero }
  var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let real = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    return Timestamp(nanoseconds: real + offset.load(ordering: .relaxed))
  }
  func sleep(for duration: Duration) async throws(ProviderError) {}
  func secret(_ source: SecretSource) async throws(ProviderError) -> Sensitive<String> {
    throw .permanent("no secrets here")
  }
  func digest(of secret: Sensitive<String>) -> String {
    let code = HMAC<Crypto.SHA256>.authenticationCode(
      for: Data(secret.reveal().utf8), using: SymmetricKey(data: Data(key.utf8)))
    return code.map { String($0, radix: 16) }.joined()
  }
  func note(_ message: String, _ details: [Detail]) {}
}

/// Keeps copies in memory.
final class TestBackups: BackupStore {
  struct Kept: Sendable {
    let request: BackupRequest
    let content: String
  }

  private let all = Mutex<[Kept]>([])
  var kept: [Kept] { all.withLock { $0 } }

  func keep(_ request: BackupRequest) throws(ProviderError) {
    let path = "/proc/self/fd/\(request.directory)/\(request.name)"
    let link = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    let content = link ?? (try? String(contentsOfFile: path, encoding: .utf8)) ?? "?"
    all.withLock { $0.append(Kept(request: request, content: content)) }
    if request.mayMove { unlink(path) }
  }
}

/// Refuses every backup.
struct FailingBackups: BackupStore {
  func keep(_ request: BackupRequest) throws(ProviderError) {
    throw .transient("the backup store is full")
  }
}

/// Writes to the file that it is to keep, as somebody else may at that moment.
struct MeddlingBackups: BackupStore {
  func keep(_ request: BackupRequest) throws(ProviderError) {
    try? write("theirs", to: "/proc/self/fd/\(request.directory)/\(request.name)")
  }
}
