private import Synchronization

/// What the provider and the watch tell each other of one entry.
///
/// It answers one question without a lock: whether what an event tells of is news.
final class Attention: Sendable {
  /// What a change of ours has written.
  fileprivate enum Written: UInt8, AtomicRepresentable {
    case nothing
    case attributes
    /// A file with the declared content, which its times prove.
    case content
  }

  /// What `seen` says where it is no picture of the entry.
  fileprivate enum Mark {
    static let unknown: UInt64 = 0
    static let absent: UInt64 = 1
    static let beingWritten: UInt64 = 2
    /// Looked at for the first time, at this moment.
    static let beingSeen: UInt64 = 3
    /// The same, and an event came meanwhile.
    static let touchedMeanwhile: UInt64 = 4
  }

  let location: Location
  /// Whether we too write into the file itself, so that such an event may be our own.
  let isWrittenInPlace: Bool
  /// What was written and not looked at since.
  private let unverified = Atomic(Written.nothing)

  /// The watch that tells of it; 0 while none does.
  private let watch = Atomic<UInt64>(0)
  /// A digest of how the entry was when it was looked at last, by us or after we wrote it.
  private let seen = Atomic<UInt64>(Mark.unknown)

  init(_ location: Location, isWrittenInPlace: Bool = false) {
    self.location = location
    self.isWrittenInPlace = isWrittenInPlace
  }

  var path: EntryPath { location.path }

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

  /// A look begins, before it is watched: of what is seen first nothing that happened is news.
  func beginLook() {
    _ = seen.compareExchange(
      expected: Mark.unknown, desired: Mark.beingSeen, ordering: .acquiringAndReleasing)
  }

  /// What a look means.
  enum Verdict {
    case seen
    /// It is as we have written it just now, with the declared content.
    case holdsContent
    /// Something happened meanwhile, before or after the look: only another look can tell.
    case touched
    /// It is no longer as we have written it just now.
    case changedByOthers
  }

  /// It was looked at.
  func saw(_ sight: Sight) -> Verdict {
    let digest = sight.digest
    let before = seen.exchange(digest, ordering: .acquiringAndReleasing)
    if before == Mark.touchedMeanwhile { return .touched }
    let written = unverified.load(ordering: .acquiring)
    guard written != .nothing else { return .seen }
    unverified.store(.nothing, ordering: .releasing)
    guard before == digest else { return .changedByOthers }
    return written == .content ? .holdsContent : .seen
  }

  /// A look has ended; where nothing was seen, all that happens is news again.
  func endLook() {
    for mark in [Mark.beingSeen, Mark.touchedMeanwhile] {
      _ = seen.compareExchange(
        expected: mark, desired: Mark.unknown, ordering: .acquiringAndReleasing)
    }
  }

  /// A change of ours begins: until it was written nothing is news, since the engine looks again.
  func beginWriting() { seen.store(Mark.beingWritten, ordering: .releasing) }

  /// We have written it, and it is like this; from now on all changes are those of others.
  func wrote(_ sight: Sight, isContent: Bool = false) {
    seen.store(sight.digest, ordering: .releasing)
    unverified.store(isContent ? .content : .attributes, ordering: .releasing)
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
    while known != Mark.beingWritten, known != Mark.touchedMeanwhile {
      if known == Mark.beingSeen {
        known = touch()
        continue
      }
      let sight = look()
      let now = seen.load(ordering: .acquiring)
      if now == known { return sight.isUnknown || known != sight.digest }
      known = now
    }
    return false
  }

  /// The look under way may have come too early; what is known now.
  private func touch() -> UInt64 {
    let (isDone, known) = seen.compareExchange(
      expected: Mark.beingSeen, desired: Mark.touchedMeanwhile, ordering: .acquiringAndReleasing)
    return isDone ? Mark.touchedMeanwhile : known
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
