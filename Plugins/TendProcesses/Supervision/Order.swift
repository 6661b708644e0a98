/// What the holder is asked to keep running: a declaration without what only people need.
struct Order: Hashable, Sendable, Codable {
  /// Unit and name.
  var id: String
  /// What a running process can't be given; another one means a restart.
  var launch: Launch
  /// What can be changed while it runs.
  var care: Care
  /// The declared fields without secrets, as JSON: what a plan compares with.
  var face: String
  /// The version of what it reloads on.
  var reloadVersion: String
}

/// How a process is started.
struct Launch: Hashable, Sendable, Codable {
  var command: [String]
  var directory: String
  /// Names and values; secrets are among them.
  var environment: [Variable]
  /// Whom it runs as; nil: as the agent does.
  var account: Account?
  /// The most descriptors; 0: as the agent has it.
  var openFiles: Int64
  /// Whether it is told where to send notices.
  var notifies: Bool
  /// How often it must say that it is alive, in nanoseconds; 0: never.
  var watchdog: Int64
  /// Tells one launch from another; secrets went into it keyed.
  var digest: String

  struct Variable: Hashable, Sendable, Codable {
    var name: String
    var value: String
  }

  /// The same for one replica, with its number in place of `{replica}`.
  func expanded(for replica: Int) -> Launch {
    var launch = self
    launch.command = command.map { $0.expanded(for: replica) }
    launch.environment = environment.map {
      Variable(name: $0.name, value: $0.value.expanded(for: replica))
    }
    return launch
  }
}

/// How a process is looked after.
struct Care: Hashable, Sendable, Codable {
  var replicas = 1
  var restart = RestartPolicy()
  var readiness: Probe?
  var liveness: Probe?
  var stop = StopSequence.standard
  var limits = ResourceLimits()
  var logs = LogLimits()
  var rollout = Rollout()
  var reloadSignal = Signal.hangUp
}

/// What is sent to end a process, and how long each step is given.
struct StopSequence: Hashable, Sendable, Codable {
  struct Step: Hashable, Sendable, Codable {
    var signal: Signal
    /// In nanoseconds.
    var wait: Int64
  }

  var steps: [Step]

  /// TERM, ten seconds, KILL.
  static let standard = StopSequence(steps: [
    Step(signal: .term, wait: 10_000_000_000), Step(signal: .kill, wait: 0),
  ])
}

/// What a process and its descendants may use together; nil: no limit.
struct ResourceLimits: Hashable, Sendable, Codable {
  /// In bytes.
  var memory: Int64?
  var processes: Int64?
  /// In thousandths of a processor.
  var cpu: Int64?

  var isEmpty: Bool { self == ResourceLimits() }
}

/// How much of what a process prints is kept.
struct LogLimits: Hashable, Sendable, Codable {
  /// The most bytes in one file.
  var maximumSize: Int64 = 10 << 20
  /// How many full files are kept besides.
  var keep = 5
}

/// How replicas are replaced.
struct Rollout: Hashable, Sendable, Codable {
  /// How many may be down at once for that.
  var maximumUnavailable = 1
  /// How many new ones may run beside the old ones.
  var maximumSurge = 0
}

extension String {
  func expanded(for replica: Int) -> String {
    // Most have none, which bytes tell sooner than characters.
    guard utf8.contains(UInt8(ascii: "{")) else { return self }
    var rest = self[...]
    var text = ""
    while let range = rest.firstRange(of: "{replica}") {
      text += rest[..<range.lowerBound] + "\(replica)"
      rest = rest[range.upperBound...]
    }
    return text + rest
  }
}
