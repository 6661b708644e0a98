private import Glibc
import Synchronization
import Tend
public import TendEngine

/// During whose reconcile the agent died: a file of slots, one for each worker, that the kernel
/// keeps when the process is gone, and a file with what was counted.
///
/// Neither is ever synced: a machine that loses power has not lost an agent to a resource, and its
/// next boot counts nothing.
public final class Deaths: WorkMarks {
  private struct Death: Codable {
    var provider: String
    var identity: String
    var count: Int
    /// What its declaration was when that was first known.
    var declared: String?
  }

  private struct State {
    var deaths: [InventoryKey: Death] = [:]
  }

  private static let slotSize = 512
  /// The first slot holds the id of the boot.
  private static let slotCount = 4096

  private let path: String
  private let slots: Slots?
  private let state = Mutex(State())
  private let isAnythingHeld: Atomic<Bool>

  /// Counts what the last agent on a state directory was at when it died, and begins to note.
  ///
  /// Call it when the lock of the state directory is held. Where the file can't be made, as on a
  /// full disk, nothing is noted.
  public init(of directory: StateDirectory) {
    path = directory.path + "/deaths"
    slots = Slots(directory.path + "/working", size: Self.slotSize * Self.slotCount)
    isAnythingHeld = Atomic(false)
    var deaths = Self.read(path)
    let left = takeLeft()
    for key in left {
      var death = deaths[key] ?? Death(provider: key.provider, identity: key.identity, count: 0)
      death.count += 1
      deaths[key] = death
    }
    state.withLock { [deaths] in $0.deaths = deaths }
    isAnythingHeld.store(!deaths.isEmpty, ordering: .relaxed)
    if !left.isEmpty { save() }
  }

  /// Whether anything is held against any resource.
  public var hasDeaths: Bool { isAnythingHeld.load(ordering: .relaxed) }

  /// A worker turns to a resource.
  public func begin(_ key: InventoryKey, worker: Int) { slot(worker)?.write(key) }

  /// The worker lives.
  public func end(worker: Int) { slot(worker)?.clear() }

  /// How often the agent died during its reconcile.
  public func deaths(during key: InventoryKey, declared: String) -> Int {
    let (count, isNews) = state.withLock { state in
      guard let death = state.deaths[key] else { return (0, false) }
      let digest = Self.digest(declared)
      if declared.isEmpty || death.declared == digest { return (death.count, false) }
      if death.declared == nil {
        state.deaths[key]?.declared = digest
        return (death.count, true)
      }
      return (0, true)
    }
    if isNews, count == 0 { pardon(key) } else if isNews { save() }
    return count
  }

  /// Begins anew.
  public func pardon(_ key: InventoryKey) {
    let isNews = state.withLock { state in
      let isNews = state.deaths.removeValue(forKey: key) != nil
      isAnythingHeld.store(!state.deaths.isEmpty, ordering: .relaxed)
      return isNews
    }
    if isNews { save() }
  }

  // MARK: Slots

  private func slot(_ worker: Int) -> Slot? {
    guard let slots, (0..<Self.slotCount - 1).contains(worker) else { return nil }
    return slots.slot(worker + 1, Self.slotSize)
  }

  /// What was at work when the last agent died; nothing where the machine was started since.
  private func takeLeft() -> [InventoryKey] {
    guard let slots else { return [] }
    let boot = slots.slot(0, Self.slotSize)
    let here = InventoryKey(provider: "boot", identity: Self.boot)
    let isSameBoot = boot.read() == here
    boot.write(here)
    let left = (0..<Self.slotCount - 1).compactMap { worker -> InventoryKey? in
      let slot = slot(worker)
      defer { slot?.clear() }
      return slot?.read()
    }
    return isSameBoot ? Array(Set(left)).sorted() : []
  }

  /// See random(4): another one for each boot.
  private static var boot: String {
    guard let bytes = contents("/proc/sys/kernel/random/boot_id") else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: What was counted

  private func save() {
    let deaths = state.withLock { $0.deaths.values.sorted { $0.identity < $1.identity } }
    guard let value = try? ValueEncoder().encode(deaths) else { return }
    let bytes = Array(value.json.utf8)
    let file = open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { return }
    let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    close(file)
    if count == bytes.count { rename(path + ".new", path) }
  }

  private static func read(_ path: String) -> [InventoryKey: Death] {
    guard let bytes = contents(path),
      let value = try? Value(json: String(decoding: bytes, as: UTF8.self)),
      let deaths = try? ValueDecoder().decode([Death].self, from: value)
    else { return [:] }
    var found: [InventoryKey: Death] = [:]
    for death in deaths {
      found[InventoryKey(provider: death.provider, identity: death.identity)] = death
    }
    return found
  }

  private static func contents(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
      count = max(0, Glibc.read(file, buffer.baseAddress, buffer.count))
    }
  }

  /// Keeps no content: the 64 bit hash of Fowler, Noll and Vo (FNV-1a) tells one from another.
  private static func digest(_ text: String) -> String {
    let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return String(hash, radix: 16)
  }
}

/// A file in memory, as long as the process lives; the kernel has what was written when it dies.
///
/// What guards the bytes: each slot is written by the one worker that it belongs to.
private final class Slots: @unchecked Sendable {
  private let bytes: UnsafeMutableRawPointer
  private let size: Int

  init?(_ path: String, size: Int) {
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { return nil }
    defer { close(file) }
    // A page that has no place on the disk yet would end the agent by SIGBUS once that is full.
    guard posix_fallocate(file, 0, size) == 0 else {
      ftruncate(file, 0)
      return nil
    }
    let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
    guard let address, address != MAP_FAILED else { return nil }
    bytes = address
    self.size = size
  }

  deinit { munmap(bytes, size) }

  func slot(_ number: Int, _ length: Int) -> Slot {
    Slot(bytes: bytes + number * length, length: length)
  }
}

/// One slot: the length of what stands in it, then provider and identity.
private struct Slot {
  let bytes: UnsafeMutableRawPointer
  let length: Int

  /// One that is too long is not noted: it could not be told from another.
  func write(_ key: InventoryKey) {
    clear()
    var text = key.provider + "\n" + key.identity
    let count = text.withUTF8 { utf8 in
      guard let start = utf8.baseAddress, utf8.count <= length - 2 else { return 0 }
      (bytes + 2).copyMemory(from: start, byteCount: utf8.count)
      return utf8.count
    }
    bytes.storeBytes(of: UInt16(count), as: UInt16.self)
  }

  func clear() { bytes.storeBytes(of: 0, as: UInt16.self) }

  func read() -> InventoryKey? {
    let count = Int(bytes.load(as: UInt16.self))
    guard count > 0, count <= length - 2 else { return nil }
    let text = String(
      decoding: UnsafeRawBufferPointer(start: bytes + 2, count: count), as: UTF8.self)
    guard let newline = text.firstIndex(of: "\n") else { return nil }
    return InventoryKey(
      provider: String(text[..<newline]), identity: String(text[text.index(after: newline)...]))
  }
}
