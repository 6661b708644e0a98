private import Synchronization
public import Tend

/// Keeps what was read of files, by path and digest, so that only changed files are read again.
///
/// Use one for readers with the same limits. Bounded by the bytes of the texts it keeps; what has
/// not been used for longest goes first.
public final class ManifestCache: Sendable {
  /// Bytes of text that are kept, and as much again for the values.
  public let capacity: Int

  private struct Key: Hashable {
    let path: String
    let digest: ContentDigest
  }

  private struct Entry {
    let parsed: ParsedManifest
    var used: UInt64
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var bytes = 0
    var time: UInt64 = 0
  }

  private let state = Mutex(State())

  /// An empty cache; `capacity` in bytes of text.
  ///
  /// Default: 64 MiB, the largest tree that is read.
  public init(capacity: Int = 64 << 20) {
    self.capacity = capacity
  }

  /// The file as it was read before, or nil where it must be loaded.
  ///
  /// Declarations of it are the very same values as before: `isSame(as:)` holds.
  public func file(at path: String, digest: ContentDigest) -> ManifestFile? {
    state.withLock { state in
      state.time += 1
      let key = Key(path: path, digest: digest)
      guard let parsed = state.entries[key]?.parsed else { return nil }
      state.entries[key]?.used = state.time
      return ManifestFile(path, digest, .parsed(parsed))
    }
  }

  /// Bytes of text that it keeps now, with 256 for each file.
  public var size: Int { state.withLock { $0.bytes } }

  func keep(_ parsed: ParsedManifest, at path: String, digest: ContentDigest) {
    state.withLock { state in
      state.time += 1
      let entry = Entry(parsed: parsed, used: state.time)
      let old = state.entries.updateValue(entry, forKey: Key(path: path, digest: digest))
      state.bytes += Self.cost(parsed) - (old.map { Self.cost($0.parsed) } ?? 0)
      if state.bytes > capacity { Self.shrink(&state, to: capacity - capacity / 4) }
    }
  }

  private static func shrink(_ state: inout State, to bytes: Int) {
    for (key, entry) in state.entries.sorted(by: { $0.value.used < $1.value.used }) {
      if state.bytes <= bytes { return }
      state.entries[key] = nil
      state.bytes -= cost(entry.parsed)
    }
  }

  private static func cost(_ parsed: ParsedManifest) -> Int { parsed.size + 256 }
}
