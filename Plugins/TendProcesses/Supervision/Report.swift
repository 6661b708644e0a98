/// What the holder knows of one process, as the agent sees it.
struct Report: Hashable, Sendable, Codable {
  var id: String
  /// Grows with each report of a holder.
  var version: Int64 = 0
  var face: String
  /// Of the launch that is wanted; empty where only what runs is known.
  var digest: String
  /// The version of what it reloads on that is wanted.
  var reloadVersion: String
  var replicas: Int
  /// Whether it is to end and be forgotten.
  var isReleased: Bool
  var processes: [Process]
  /// Why replicas that still run with what was declared before are not replaced.
  var stuck: String?
  /// Why another holder might not find it; nil: what runs is written down.
  var unrecorded: String?

  struct Process: Hashable, Sendable, Codable {
    var replica: Int
    var serial: UInt32
    var state: State
    /// Whether it runs with what is wanted.
    var isCurrent: Bool
    var isReady: Bool
    /// Whether it should have been ready by now.
    var isLate: Bool
    /// 0: none.
    var process: Int32
    /// By the wall clock; 0: never.
    var startedAt: Int64
    var restarts: Int
    /// Ends in a row that were not stable.
    var failures: Int
    var lastExit: Exit?
    /// By the wall clock.
    var exitedAt: Int64
    /// Why it was ended, where it did not end by itself.
    var exitReason: String?
    var problem: String?
    var statusText: String?
    /// Whether all its descendants are certain to be found.
    var isTreeExact: Bool
    /// The last lines that it printed, where it does not work.
    var lastLines: [String] = []
    /// The signal that it was sent last, where it is being ended.
    var stopSignal: Int32 = 0
  }

  enum State: UInt8, Sendable, Codable {
    case waiting, running, ending, finished
  }
}

extension Report {
  init(_ charge: Charge, at now: Int64) {
    id = charge.id
    face = charge.face
    digest = charge.order?.launch.digest ?? ""
    reloadVersion = charge.order?.reloadVersion ?? ""
    replicas = charge.order?.care.replicas ?? 0
    isReleased = charge.isReleased
    processes = charge.instances.map { Process($0, charge, now) }
    stuck = charge.stuck(at: now).map { instance in
      let why = instance.problem ?? instance.lastExit?.exit.words ?? "it is not ready in time"
      return "replica \(instance.replica) does not work with what is declared now: \(why)"
    }
  }
}

extension Report.Process {
  init(_ instance: Instance, _ charge: Charge, _ now: Int64) {
    replica = instance.replica
    serial = instance.serial
    switch instance.phase {
    case .waiting: state = .waiting
    case .running: state = .running
    case .ending(let ending):
      state = .ending
      let steps = charge.care.stop.steps
      if let step = steps.indices.contains(ending.step) ? steps[ending.step] : nil {
        stopSignal = step.signal.number
      }
    case .finished: state = .finished
    }
    isCurrent = !instance.digest.isEmpty && instance.digest == charge.order?.launch.digest
    isReady = instance.isReady
    isLate = instance.isLate(at: now, charge.care)
    process = instance.main?.identity.process ?? 0
    startedAt = instance.main?.startedAt ?? 0
    restarts = instance.restarts
    failures = instance.backoff.failures
    lastExit = instance.lastExit?.exit
    exitedAt = instance.lastExit?.at ?? 0
    exitReason = instance.lastExit?.reason
    problem = instance.problem
    statusText = instance.statusText
    isTreeExact = true
  }
}
