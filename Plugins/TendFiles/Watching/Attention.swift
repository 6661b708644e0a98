private import Synchronization

/// What the provider and the watch tell each other of one entry.
///
/// It answers one question without a lock: whether what an event tells of is news.
final class Attention: Sendable {
  /// What `seen` says where it is no picture of the entry.
  fileprivate enum Mark {
    static let unknown: UInt64 = 0
    static let absent: UInt64 = 1
    static let beingWritten: UInt64 = 2
  }

  let path: EntryPath
  /// Whether we too write into the file itself, so that such an event may be our own.
  let isWrittenInPlace: Bool

  /// The watch that tells of it; 0 while none does.
  private let watch = Atomic<UInt64>(0)
  /// A digest of how the entry was when it was looked at last, by us or after we wrote it.
  private let seen = Atomic<UInt64>(Mark.unknown)
  /// Whether it was written and not looked at since.
  private let isUnverified = Atomic(false)

  init(_ path: EntryPath, isWrittenInPlace: Bool = false) {
    self.path = path
    self.isWrittenInPlace = isWrittenInPlace
  }

  /// Whether this watch tells of it.
  func isWatched(by token: UInt64) -> Bool {
    token != 0 && watch.load(ordering: .acquiring) == token
  }

  /// Whether any watch tells of it: another one may have taken its place.
  var isFollowed: Bool { watch.load(ordering: .acquiring) != 0 }

  /// This watch tells of it from now on; 0: none does.
  func follow(_ token: UInt64) { watch.store(token, ordering: .releasing) }

  /// Takes the place of what was declared before: what was seen of that one was seen of this one.
  func succeed(_ other: Attention) {
    _ = seen.compareExchange(
      expected: Mark.unknown, desired: other.seen.load(ordering: .acquiring),
      ordering: .acquiringAndReleasing)
    other.follow(0)
  }

  /// It was looked at; false where it is no longer as we have written it just now.
  func saw(_ sight: Sight) -> Bool {
    let digest = sight.digest
    let before = seen.exchange(digest, ordering: .acquiringAndReleasing)
    guard isUnverified.load(ordering: .acquiring) else { return true }
    isUnverified.store(false, ordering: .releasing)
    return before == digest
  }

  /// A change of ours begins: until it was written nothing is news, since the engine looks again.
  func beginWriting() { seen.store(Mark.beingWritten, ordering: .releasing) }

  /// We have written it, and it is like this; from now on all changes are those of others.
  func wrote(_ sight: Sight) {
    seen.store(sight.digest, ordering: .releasing)
    isUnverified.store(true, ordering: .releasing)
  }

  /// A change of ours has ended, well or not; `look` says how it is where nothing was written.
  func endWriting(_ look: () -> Sight) {
    if isBeingWritten { seen.store(look().digest, ordering: .releasing) }
  }

  /// Whether we write it at this moment.
  var isBeingWritten: Bool { seen.load(ordering: .acquiring) == Mark.beingWritten }

  /// Whether an entry is not as it was when we looked at it or wrote it last.
  ///
  /// `look` says how it is; where we write it in between, it is asked again.
  func isNews(_ look: () -> Sight) -> Bool {
    var known = seen.load(ordering: .acquiring)
    while known != Mark.beingWritten {
      let sight = look()
      let now = seen.load(ordering: .acquiring)
      if now == known { return sight.isUnknown || known != sight.digest }
      known = now
    }
    return false
  }

  /// How an entry is.
  enum Sight {
    case absent
    case present(Status)
    /// It can't be said.
    case unknown

    init(_ status: Status?) { self = status.map(Sight.present) ?? .absent }

    fileprivate var isUnknown: Bool { if case .unknown = self { true } else { false } }

    fileprivate var digest: UInt64 {
      switch self {
      case .absent: Mark.absent
      case .present(let status): status.digest
      case .unknown: Mark.unknown
      }
    }
  }
}

extension HeldDirectory {
  /// How an entry is, as far as that can be said.
  func sight(of name: String) -> Attention.Sight {
    do { return .init(try status(of: name)) } catch { return .unknown }
  }
}

extension Status {
  /// All that tells one state of an entry from another, in 64 bits; never a `Mark`.
  fileprivate var digest: UInt64 {
    var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ word: UInt64) {
      digest = (digest ^ word) &* 0x9e37_79b9_7f4a_7c15
      digest ^= digest >> 29
    }
    mix(device)
    mix(inode)
    mix(UInt64(mode) << 32 | UInt64(user))
    mix(UInt64(group))
    if type != .directory {
      // Those of a directory change with what is made in it.
      mix(size)
      mix(UInt64(bitPattern: modified))
      mix(UInt64(bitPattern: changed))
    }
    return digest | 1 << 63
  }
}
