public import Tend

/// How a process should be: `processes/v1` `Process`.
public struct ProcessSpec: DesiredState {
  /// What it is compared with.
  public typealias Subject = ProcessState

  /// Unit and name: `web-host/nginx`.
  public let id: String

  /// What was declared; shared between all copies.
  let declared: Fields
  /// Versions of what it is started anew for, by reference as written; taken in when linked.
  var restartVersions: [Version] = []
  /// Versions of what it is told about.
  var reloadVersions: [Version] = []

  init(id: String, _ declared: Fields) {
    self.id = id
    self.declared = declared
  }

  /// The version of something else that this one asked for.
  struct Version: Hashable, Sendable {
    var reference: String
    var text: String
  }

  /// The fields of a declaration.
  final class Fields: Sendable {
    let spec: Value
    let command: [String]
    let directory: String
    let environment: [Variable]
    let user: String?
    let group: String?
    let openFiles: Int64
    let care: Care
    let restartOn: [String]
    let reloadOn: [String]
    let rerunsOnBoot: Bool

    init(
      spec: Value, command: [String], directory: String, environment: [Variable], user: String?,
      group: String?, openFiles: Int64, care: Care, restartOn: [String], reloadOn: [String],
      rerunsOnBoot: Bool
    ) {
      self.spec = spec
      self.command = command
      self.directory = directory
      self.environment = environment
      self.user = user
      self.group = group
      self.openFiles = openFiles
      self.care = care
      self.restartOn = restartOn
      self.reloadOn = reloadOn
      self.rerunsOnBoot = rerunsOnBoot
    }

    /// Whether it is told where to say that it is ready or alive.
    var notifies: Bool { care.readiness?.method == .notify || care.liveness?.method == .notify }

    /// How often it must say that it is alive; 0: never.
    var watchdog: Int64 {
      care.liveness.flatMap { $0.method == .notify ? $0.interval : nil } ?? 0
    }
  }

  /// One entry of the environment.
  struct Variable: Hashable, Sendable {
    enum Content: Hashable, Sendable {
      case text(String)
      case secret(SecretSource)
    }

    var name: String
    var content: Content
  }

  /// The digest of what is declared, so that others can notice another declaration.
  public var fingerprint: Fingerprint? { Fingerprint(LaunchDigest.of(declared.spec.json)) }

  /// Its data lie elsewhere.
  public var replacementLosesData: Bool { false }
}
