private import Synchronization
public import Tend

/// A process as it is, with all its replicas.
public struct ProcessState: Resource {
  /// Unit and name.
  public let id: String
  /// What is known of processes that have ended for good.
  public let memory: ProcessMemory

  /// What the holder says; nil where all have ended for good and no holder knows of them.
  let report: Report?
  /// What it was declared to be; nil where that is not known.
  let face: Face?
  /// The face as the holder keeps it.
  let faceText: String
  private let match = Match()
  /// Variables whose secret has changed since it was started.
  var staleSecrets: [String] = []

  init(_ report: Report, boot: String) {
    id = report.id
    self.report = report
    faceText = report.face
    face = Face(json: report.face)
    memory = ProcessMemory(report, boot: boot)
  }

  /// Of one that has ended for good.
  init(id: String, _ memory: ProcessMemory, _ face: Face) {
    self.id = id
    self.memory = memory
    report = nil
    self.face = face
    faceText = face.json
  }

  var isSupervised: Bool { report.map { !$0.digest.isEmpty } ?? true }
  var total: Int { report?.processes.count ?? 0 }
  var running: Int { report?.processes.count { $0.process != 0 } ?? 0 }
  /// How many do not run with what the holder was told to keep.
  var outdated: Int {
    guard let report, isSupervised else { return 0 }
    return report.processes.count { !$0.isCurrent } + max(0, report.replicas - total)
  }

  /// Whether nothing is to be done.
  func isSettled(as spec: ProcessSpec) -> Bool {
    guard staleSecrets.isEmpty, isSupervised, outdated == 0, let face else { return false }
    return match.isFound(face, spec.declared) && face.restartOn == spec.restartVersions
      && face.reloadOn == spec.reloadVersions
  }

  /// The declaration that was found equal: the same one is there at each look, and is compared
  /// once.
  private final class Match: Sendable {
    private let found = Mutex<ProcessSpec.Fields?>(nil)

    func isFound(_ face: Face, _ declared: ProcessSpec.Fields) -> Bool {
      found.withLock { found in
        if found === declared { return true }
        guard face.spec == declared.spec else { return false }
        found = declared
        return true
      }
    }
  }
}

/// What must be known of a process after its holder has gone: how it ended, if it ended for good.
public struct ProcessMemory: Codable, Equatable, Sendable {
  /// Of the launch that ended.
  var digest = ""
  /// The boot that it ran in.
  var boot = ""
  /// One for each replica, if all have ended.
  var ends: [End] = []

  struct End: Codable, Equatable, Sendable {
    var exit: Exit
    /// By the wall clock.
    var at: Int64
  }

  /// Remembers nothing.
  init() {}

  init(_ report: Report, boot: String) {
    let ended = report.processes.filter { $0.state == .finished && $0.isCurrent }
    guard !ended.isEmpty, ended.count == report.processes.count else { return }
    digest = report.digest
    self.boot = boot
    // Many replicas that end alike are told by the first ones; a memory is small.
    ends = ended.prefix(32).map { End(exit: $0.lastExit ?? .unknown, at: $0.exitedAt) }
  }
}
