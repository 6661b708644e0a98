import Synchronization
import Tend

/// Rows in chunks that never move, so that a worker may hold one while others are added.
///
/// What guards the state: a row and its `Pace` are touched only by the reconcile that runs for its
/// slot, or by `append` and `reset` while no reconcile of the slot can run; the scheduler's lock,
/// which every handover of a slot passes through, orders the two. The table of chunks is written
/// under the controller's lock before a slot in the new chunk is first handed out.
final class RowStorage<Desired: DesiredState>: @unchecked Sendable {
  typealias Chunk = UnsafeMutablePointer<Row<Desired>>
  static var chunkSize: Int { 1024 }
  /// 16 million rows; a controller with more refuses new ones.
  static var maximumChunks: Int { 16_384 }

  private let chunks: UnsafeMutablePointer<Chunk?>
  private let paces: UnsafeMutablePointer<UnsafeMutablePointer<Pace>?>
  private let size = Atomic<Int>(0)

  init() {
    chunks = .allocate(capacity: Self.maximumChunks)
    chunks.initialize(repeating: nil, count: Self.maximumChunks)
    paces = .allocate(capacity: Self.maximumChunks)
    paces.initialize(repeating: nil, count: Self.maximumChunks)
  }

  /// How many slots there are.
  var count: Int { size.load(ordering: .relaxed) }

  deinit {
    for number in 0..<Self.maximumChunks {
      guard let chunk = chunks[number], let pace = paces[number] else { break }
      chunk.deinitialize(count: min(Self.chunkSize, count - number * Self.chunkSize))
      chunk.deallocate()
      pace.deallocate()
    }
    chunks.deallocate()
    paces.deallocate()
  }

  /// Appends a row and gives its slot; nil when there is no room.
  ///
  /// Under the controller's lock.
  func append(_ row: Row<Desired>) -> UInt32? {
    let count = count
    let number = count / Self.chunkSize
    guard number < Self.maximumChunks else { return nil }
    let chunk: Chunk
    if let existing = chunks[number] {
      chunk = existing
    } else {
      chunk = .allocate(capacity: Self.chunkSize)
      chunks[number] = chunk
      let pace = UnsafeMutablePointer<Pace>.allocate(capacity: Self.chunkSize)
      pace.initialize(repeating: Pace(), count: Self.chunkSize)
      paces[number] = pace
    }
    (chunk + count % Self.chunkSize).initialize(to: row)
    size.store(count + 1, ordering: .relaxed)
    return UInt32(count)
  }

  /// Uses a slot again for another resource.
  ///
  /// Under the controller's lock.
  func reset(_ slot: UInt32, to row: Row<Desired>) {
    self[slot] = row
    self.pace(slot).pointee = Pace()
  }

  /// The row of a slot that `append` gave.
  @inline(__always)
  subscript(slot: UInt32) -> Row<Desired> {
    unsafeAddress { UnsafePointer(address(slot)) }
    unsafeMutableAddress { address(slot) }
  }

  /// The same where it is, which it stays while no reconcile of the slot runs but that of who asks.
  func pointer(_ slot: UInt32) -> UnsafePointer<Row<Desired>> { UnsafePointer(address(slot)) }

  @inline(__always)
  func pace(_ slot: UInt32) -> UnsafeMutablePointer<Pace> {
    let slot = Int(slot)
    guard let chunk = paces[slot / Self.chunkSize] else { preconditionFailure("slot \(slot)") }
    return chunk + slot % Self.chunkSize
  }

  @inline(__always)
  private func address(_ slot: UInt32) -> Chunk {
    let slot = Int(slot)
    guard let chunk = chunks[slot / Self.chunkSize] else { preconditionFailure("slot \(slot)") }
    return chunk + slot % Self.chunkSize
  }
}

/// What the short way through a reconcile needs to know of a row.
struct Pace {
  /// The resync interval, in milliseconds.
  var interval: UInt32 = 0
  /// Whether nothing stands against the short way: settled, healthy, enforced.
  var isPlain = false
  /// Whether it is plain, and known to be in no group that is observed together.
  var isAlone = false
}
