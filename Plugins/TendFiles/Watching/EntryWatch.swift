private import CTendFiles
private import Synchronization
internal import Tend

/// Watches the directories that hold declared entries, and reports what others do to these.
///
/// The kernel is asked by the threads that look at entries, before they look; its events are read
/// by one thread, which lives as long as `run`.
final class EntryWatch: Sendable {
  private struct State {
    var table = WatchTable()
    var session: Session?
    /// Whether an entry was looked at while nobody watched.
    var hasMissed = false
    /// Whether it was said that some directories are not watched.
    var isLimited = false
    /// When watching what was refused is tried again.
    var retry = WatchRetry()
    /// Whether the thread sleeps until something happens, since no directory is held open.
    var sleepsForGood = false
  }

  /// What one run needs.
  private struct Session {
    let inotify: Int32
    let bell: Int32
    let drift: Drift<EntryPath>
  }

  private let state = Gated(State())
  private let directories: DirectoryCache
  private let names: TemporaryNames

  /// How long events are left to gather where all were our own, in milliseconds.
  private static let gathering: Int32 = 2
  /// From so many events at once it is worth it.
  private static let many = 16

  /// How long a directory is held open that nobody looks into: at most twice 5 seconds, in
  /// milliseconds.
  private static let idleTime: Int32 = 5000

  init(_ directories: DirectoryCache, _ names: TemporaryNames) {
    self.directories = directories
    self.names = names
  }

  /// How many directories are watched.
  var count: Int { state.withLock { $0.table.count } }

  /// Keeps events from being taken in while a body runs, for tests that need many of them.
  func whileHeld(_ body: () -> Void) { state.withLock { _ in body() } }

  // MARK: Interest

  /// Tells of an entry of this directory from now on; to be called before it is looked at.
  @inline(__always)
  func attend(_ attention: Attention, as name: String, in directory: HeldDirectory, at path: String)
  {
    let token = directory.watch
    if token == HeldDirectory.unwatchable || attention.isWatched(by: token) { return }
    join(attention, name, directory, path)
  }

  @inline(never)
  private func join(
    _ attention: Attention, _ name: String, _ directory: HeldDirectory, _ path: String
  ) {
    let identity = WatchTable.Identity(device: directory.device, inode: directory.inode)
    state.withLock { state in
      guard let session = state.session else { return state.hasMissed = true }
      if state.sleepsForGood { tend_bell_ring(session.bell) }
      state.sleepsForGood = false
      if let token = state.table.join(attention, as: name, in: path, identity) {
        return directory.watch = token
      }
      let number = tend_watch_add(session.inotify, directory.descriptor.raw)
      guard number >= 0 else {
        directory.watch = HeldDirectory.unwatchable
        return limit(&state, session, SystemError(code: -number), path)
      }
      if let idle = state.table.watch(path, identity, number: number) {
        _ = tend_watch_remove(session.inotify, idle)
      }
      if let token = state.table.join(attention, as: name, in: path, identity) {
        directory.watch = token
      }
    }
  }

  private func limit(
    _ state: inout State, _ session: Session, _ error: SystemError, _ path: String
  ) {
    guard !state.isLimited else { return }
    state.isLimited = true
    let reason =
      error.code == ErrorCode.noSpace
      ? "the limit of watches is reached: raise fs.inotify.max_user_watches with sysctl(8)"
      : error.text
    session.drift.isPartial(because: "can't watch \(path.isEmpty ? "/" : path): \(reason)")
  }

  /// An entry is no longer of interest.
  func forget(_ id: EntryPath) {
    state.withLock { state in
      if let idle = state.table.leave(id), let session = state.session {
        _ = tend_watch_remove(session.inotify, idle)
      }
    }
  }

  // MARK: Events

  /// Reports until the task is cancelled; throws where the kernel gives no watch.
  func run(_ drift: Drift<EntryPath>) async throws(ProviderError) {
    while !Task.isCancelled {
      let ends = try Ends()
      try begin(Session(inotify: ends.inotify.raw, bell: ends.bell.raw, drift: drift))
      let end = await onThread(ends) { self.readEvents(ends, drift) }
      finish()
      switch end {
      case .stopped: throw .cancelled
      case .lostTrack:
        // Told once it watches anew: who looks before that would have to look again.
        state.withLock { $0.hasMissed = true }
      case .failed(let error): throw ProviderError(error, "read", "the events of inotify")
      }
    }
    throw .cancelled
  }

  private func begin(_ session: Session) throws(ProviderError) {
    let (isFree, hasMissed) = state.withLock { state in
      guard state.session == nil else { return (false, false) }
      state.session = session
      defer { (state.hasMissed, state.isLimited) = (false, false) }
      return (true, state.hasMissed)
    }
    guard isFree else { throw .permanent("this provider serves another engine already") }
    if hasMissed { session.drift.lostTrack() }
  }

  /// From here on nothing is watched.
  private func finish() {
    state.withLock { state in
      state.session = nil
      state.table.clear()
    }
    directories.forgetAll()
  }

  /// How reading has ended.
  private enum End: Sendable {
    case stopped
    case lostTrack
    case failed(SystemError)
  }

  private final class Ends: Sendable {
    let inotify: Descriptor
    let bell: Descriptor
    let isStopped = Atomic(false)

    init() throws(ProviderError) {
      do {
        inotify = try Descriptor(tend_watch_open())
        bell = try Descriptor(tend_bell_make())
      } catch {
        guard error.code == ErrorCode.tooManyOpen else {
          throw ProviderError(error, "watch", "directories")
        }
        throw .transient(
          "can't watch directories: there are too many instances of inotify, or open files",
          remedy: "raise fs.inotify.max_user_instances with sysctl(8), or the limit of open files")
      }
    }
  }

  /// Runs this on a thread of its own; cancellation rings the bell.
  private func onThread(_ ends: Ends, _ body: @escaping @Sendable () -> End) async -> End {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let job = Job { continuation.resume(returning: body()) }
        let context = Unmanaged.passRetained(job)
        let code = tend_start_thread(
          { context in
            guard let context else { return }
            Unmanaged<Job>.fromOpaque(context).takeRetainedValue().body()
          }, context.toOpaque())
        if code < 0 {
          context.release()
          continuation.resume(returning: .failed(SystemError(code: -code)))
        }
      }
    } onCancel: {
      ends.isStopped.store(true, ordering: .releasing)
      tend_bell_ring(ends.bell.raw)
    }
  }

  private final class Job: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private func readEvents(_ ends: Ends, _ drift: Drift<EntryPath>) -> End {
    let size = 64 << 10
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      // Decided under the lock, so that whoever opens a directory now finds out and rings.
      let time = state.withLock { state in
        state.sleepsForGood = directories.isEmpty && !state.isLimited
        return state.sleepsForGood ? -1 : Self.idleTime
      }
      let ready = tend_wait(ends.inotify.raw, ends.bell.raw, time)
      if ready < 0 { return .failed(SystemError(code: -ready)) }
      if ends.isStopped.load(ordering: .acquiring) { return .stopped }
      if ready & 2 != 0 { _ = tend_read(ends.bell.raw, buffer.baseAddress, 8) }
      if ready == 0 {
        directories.forgetIdle()
        retry(drift)
      }
      guard ready & 1 != 0 else { continue }
      let count = tend_read(ends.inotify.raw, buffer.baseAddress, size)
      if count < 0, count != -Int(ErrorCode.tryAgain) {
        return .failed(SystemError(code: Int32(clamping: -count)))
      }
      let events = UnsafeRawBufferPointer(rebasing: buffer[..<max(0, count)])
      guard let ours = take(events, from: ends.inotify, drift) else { return .lostTrack }
      // While we write much, each wake-up costs more than what it reads.
      if ours >= Self.many { _ = tend_wait(ends.bell.raw, ends.bell.raw, Self.gathering) }
    }
  }

  /// Most events are of our own temporary names, which nobody has declared.
  private func meaning(of event: tend_event) -> WatchTable.Meaning {
    if let name = event.name, names.isOwn(name) { return .nothing }
    let seen = WatchEvent(event)
    return state.withLock { $0.table.take(seen) }
  }

  /// Where directories were refused a watch and one can be had again, all are looked at once more.
  private func retry(_ drift: Drift<EntryPath>) {
    let isDue = state.withLock { $0.retry.tick(isLimited: $0.isLimited) }
    guard isDue, Self.canWatch else { return }
    state.withLock { state in
      state.isLimited = false
      state.retry.begin()
    }
    // Those that are held remember that they were refused.
    directories.forgetAll()
    drift.isWhole()
    drift.lostTrack()
  }

  /// Whether the kernel grants one more watch; asked apart, so that no watch of ours is touched.
  private static var canWatch: Bool {
    guard let probe = try? Descriptor(tend_watch_open()),
      let root = try? Descriptor("/".withCString { tend_open(-100, $0, OpenFlags.place, 0) })
    else { return false }
    return tend_watch_add(probe.raw, root.raw) >= 0
  }

  /// How many events told of nothing but our own writing, 0 where one was news; nil where events
  /// were lost.
  private func take(
    _ events: UnsafeRawBufferPointer, from inotify: borrowing Descriptor,
    _ drift: Drift<EntryPath>
  ) -> Int? {
    var rest = events
    var event = tend_event()
    var (count, hasNews) = (0, false)
    while true {
      let start = rest.baseAddress?.assumingMemoryBound(to: CChar.self)
      let used = tend_event_at(start, rest.count, &event)
      guard used > 0, used <= rest.count else { return hasNews ? 0 : count }
      count += 1
      switch meaning(of: event) {
      case .nothing: break
      case .lostTrack: return nil
      case .touched(let touches):
        for touch in touches where report(touch, drift) { hasNews = true }
      case .replaced(let replaced):
        hasNews = true
        // The kernel may have ended them itself.
        for number in replaced.numbers { _ = tend_watch_remove(inotify.raw, number) }
        for path in replaced.paths { directories.forget(path) }
        for entry in replaced.entries { drift.mayHaveChanged(entry) }
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[used...])
    }
  }

  /// Passes on what is news, and says whether it was: not what we wrote ourselves, nor what was
  /// looked at since.
  private func report(_ touch: WatchTable.Touch, _ drift: Drift<EntryPath>) -> Bool {
    let attention = touch.attention
    if attention.isBeingWritten { return false }
    if let (path, name) = touch.place {
      let isNews = attention.isNews { directories.held(at: path)?.sight(of: name) ?? .unknown }
      guard isNews else { return false }
    }
    // What has taken its place was looked at after that, so it knows what this event tells.
    guard attention.isFollowed else { return false }
    drift.mayHaveChanged(touch.attention.path)
    return true
  }
}
