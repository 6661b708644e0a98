private import CTendProcesses
private import Glibc
private import Synchronization
internal import Tend

/// What the holder last said of every process: so that looking at one costs no conversation.
///
/// Filled by a thread of its own that listens to the holder for as long as the engine runs.
final class Mirror: Sendable {
  private struct State {
    var states: [String: ProcessState] = [:]
    /// Whether all that there is was told, and whoever tells is still there.
    var isComplete = false
    var socket: Descriptor?
    var isEnded = false
  }

  /// What a look into it gives.
  enum Answer {
    case known(ProcessState?)
    case unknown
  }

  private let state = Mutex(State())
  private let connection: HolderConnection
  /// Wakes the thread where it waits for a holder.
  private let wakeUps: (read: Descriptor, write: Descriptor)?

  init(_ connection: HolderConnection) {
    self.connection = connection
    var ends: (Int32, Int32) = (-1, -1)
    _ = tend_make_wake_up(&ends.0, &ends.1)
    if let read = try? Descriptor(ends.0), let write = try? Descriptor(ends.1) {
      wakeUps = (read, write)
    } else {
      wakeUps = nil
    }
  }

  func look(_ id: String) -> Answer {
    state.withLock { $0.isComplete ? .known($0.states[id]) : .unknown }
  }

  /// An answer that came in another conversation may be newer, or older; whether it is news.
  @discardableResult
  func take(_ report: Report) -> Bool {
    // Read once for all looks at it, and not while others wait.
    let new = ProcessState(report, boot: ProcessIdentity.boot)
    return state.withLock { state in
      if let known = state.states[report.id]?.report, known.version >= report.version {
        return false
      }
      state.states[report.id] = new
      return true
    }
  }

  /// Whether something was known of it.
  @discardableResult
  func remove(_ id: String) -> Bool {
    state.withLock { $0.states.removeValue(forKey: id) != nil }
  }

  // MARK: Listening

  /// Listens until the task is cancelled.
  func listen(_ drift: Drift<String>) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let run = Run(mirror: self, drift: drift, continuation: continuation)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(run).toOpaque()
        let result = pthread_create(
          &thread, nil,
          { context in
            guard let context else { return nil }
            let run = Unmanaged<Run>.fromOpaque(context).takeRetainedValue()
            run.mirror.work(run.drift)
            run.continuation.resume()
            return nil
          }, context)
        if result == 0 {
          pthread_detach(thread)
        } else {
          Unmanaged<Run>.fromOpaque(context).release()
          continuation.resume()
        }
      }
    } onCancel: {
      end()
    }
  }

  private final class Run: Sendable {
    let mirror: Mirror
    let drift: Drift<String>
    let continuation: CheckedContinuation<Void, Never>

    init(mirror: Mirror, drift: Drift<String>, continuation: CheckedContinuation<Void, Never>) {
      self.mirror = mirror
      self.drift = drift
      self.continuation = continuation
    }
  }

  private func end() {
    let socket = state.withLock { state in
      state.isEnded = true
      return state.socket
    }
    if let socket { tend_shut(socket.raw) }
    wake()
  }

  /// There may be a holder now.
  func wake() { _ = try? wakeUps?.write.writeSome([0]) }

  private var isEnded: Bool { state.withLock { $0.isEnded } }

  private func work(_ drift: Drift<String>) {
    while !isEnded {
      // What a holder that died left running is taken up by another one.
      if !connection.abandoned().isEmpty { try? connection.require() }
      let socket: Descriptor?
      do throws(ProviderError) {
        socket = try connection.connect()
      } catch {
        // One that is there and does not greet is asked again; who looks meanwhile is told.
        rest(1000)
        continue
      }
      guard let socket else {
        // Without a holder there is nothing to hear: whoever starts one wakes this.
        rest(600_000)
        continue
      }
      follow(socket, drift)
      drift.lostTrack()
    }
  }

  /// Waits at most this long, or until it is woken.
  private func rest(_ milliseconds: Int32) {
    _ = tend_wait_readable(wakeUps?.read.raw ?? -1, milliseconds)
    _ = try? wakeUps?.read.read(upTo: 64)
  }

  private func follow(_ socket: Descriptor, _ drift: Drift<String>) {
    let isEnded = state.withLock { state in
      state.socket = socket
      state.states = [:]
      return state.isEnded
    }
    defer {
      state.withLock { state in
        state.isComplete = false
        state.socket = nil
      }
    }
    guard !isEnded, (try? socket.send(Frame.bytes(HolderRequest.watch))) != nil else { return }
    while let reply = try? HolderConnection.receive(from: socket) {
      switch reply {
      case .report(let report):
        // What was the answer to a request of this agent it has looked at already.
        if take(report) { drift.mayHaveChanged(report.id) }
      case .gone(let id):
        if remove(id) { drift.mayHaveChanged(id) }
      case .synchronised: state.withLock { $0.isComplete = true }
      case .hello, .refused: break
      }
    }
  }
}
