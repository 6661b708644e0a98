public import Tend
public import TendEngine

/// What a command asks of a running agent, or of the store where none runs.
public enum ControlRequest: Sendable, Hashable, Codable {
  /// Who answers, and which units it follows.
  case agent
  /// What is counted and measured. Answer: text in Prometheus' exposition format 0.0.4.
  case metrics
  /// All units. Answer: a list of `UnitStatus`.
  case units
  /// These resources. Answer: a list of `ResourceStatus`.
  case resources(unit: String?, resource: String?)
  /// Desired against actual, now. Answer: a list of `PlanDocument`.
  case diff(unit: String?, resource: String?)
  /// What happened, newest first. Answer: a list of `Event`.
  case events(unit: String?, resource: String?, after: Int64?, limit: Int)
  /// Events after one, oldest first. Answer: an `EventPage`.
  case eventsAfter(unit: String?, resource: String?, number: Int64, limit: Int)
  /// Waits until something may look different than at that version, for 25 s at most; nil asks for
  /// the version and does not wait. Answer: the version then. Only a running agent knows it.
  case changed(since: Int64?)
  /// Revisions taken in, newest first. Answer: a list of `RevisionRecord`.
  case revisions(unit: String, limit: Int)
  /// Lets a refused plan pass once. Answer: its digest.
  case approve(unit: String, revision: String)
  /// Stops owning one resource. Answer: its `ResourceStatus`.
  case forget(unit: String?, resource: String)
  /// What was kept of a path, or of all, oldest first. Answer: a list of `BackupRecord`.
  case backups(path: String?)
  /// Brings back one backup of a path, by its number. Answer: a `RestoreDocument`.
  case restore(path: String, number: Int64, by: String)
  /// Leaves a unit or a resource alone. Answer: the `Suspension`.
  case suspend(unit: String?, resource: String?, note: String?, until: Timestamp?, by: String)
  /// Goes on with what was suspended. Answer: a list with the `Suspension`, empty where it was not.
  case resume(unit: String?, resource: String?, by: String)
  /// Looks at once whether everything is to be left alone; see `Brake`. Answer: nothing.
  case heedBrake
  /// Starts these resources anew. Answer: a list of their names.
  case restart(unit: String?, resource: String)
  /// Where lies what a resource printed. Answer: a list of `LogFolder`.
  case logs(unit: String?, resource: String)
  /// Reconciles now. Answer: nothing.
  case reconcile(unit: String?, resource: String?)
  /// Asks sources now. Answer: nothing.
  case refresh(unit: String?)
  /// Plans what these files declare. Answer: a `PlanDocument`.
  case plan(files: DesiredFiles)
  /// Carries out the plan of these files if it still has this digest. Answer: a `ReportDocument`,
  /// after a line of progress for each step.
  case apply(files: DesiredFiles, digest: String)
}

/// The desired state of a unit that nobody follows, sent whole.
public struct DesiredFiles: Sendable, Hashable, Codable {
  /// The unit.
  public var unit: String
  /// Whether what is no longer declared is deleted.
  public var prunes: Bool
  /// How many deletions pass besides the budget.
  public var allowedDeletions: Int?
  /// Whether they are to be applied: then what another unit still declares is claimed.
  public var isClaiming: Bool
  /// The directory that all paths lie below; nil: that of the machine.
  public var root: String?
  /// What placeholders stand for, as a map.
  public var values: Value
  /// Which revision this is.
  public var revision: Revision
  /// The manifests.
  public var manifests: [Manifest]
  /// The files that manifests refer to.
  public var contents: [Content]

  /// One manifest.
  public struct Manifest: Sendable, Hashable, Codable {
    /// Its path in the tree.
    public var path: String
    /// Its text.
    public var text: String

    /// Names a manifest and its text.
    public init(path: String, text: String) {
      self.path = path
      self.text = text
    }
  }

  /// One file beside the manifests.
  public struct Content: Sendable, Hashable, Codable {
    /// Its path in the tree.
    public var path: String
    /// Its bytes; see ``Base64``.
    public var base64: String

    /// Names a file and its bytes.
    public init(path: String, base64: String) {
      self.path = path
      self.base64 = base64
    }
  }

  /// Takes what was read.
  public init(
    unit: String, prunes: Bool, allowedDeletions: Int? = nil, isClaiming: Bool = false,
    root: String? = nil, values: Value = [:], revision: Revision, manifests: [Manifest],
    contents: [Content]
  ) {
    self.unit = unit
    self.prunes = prunes
    self.allowedDeletions = allowedDeletions
    self.isClaiming = isClaiming
    self.root = root
    self.values = values
    self.revision = revision
    self.manifests = manifests
    self.contents = contents
  }
}

/// One line from the command to the agent.
struct ControlEnvelope: Codable {
  static let version = "tend/v1"

  var `protocol`: String
  var request: ControlRequest
}

/// One line from the agent to the command, as a map with one key: `{"result": …}`.
enum ControlReply: Sendable, Codable {
  case progress(ProgressDocument)
  case result(Value)
  case failure(Failure)

  private enum Key: String, CodingKey {
    case progress, result, failure
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if container.contains(.progress) {
      self = .progress(try container.decode(ProgressDocument.self, forKey: .progress))
    } else if container.contains(.failure) {
      self = .failure(try container.decode(Failure.self, forKey: .failure))
    } else {
      self = .result(try container.decode(Value.self, forKey: .result))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .progress(let step): try container.encode(step, forKey: .progress)
    case .result(let value): try container.encode(value, forKey: .result)
    case .failure(let failure): try container.encode(failure, forKey: .failure)
    }
  }
}
