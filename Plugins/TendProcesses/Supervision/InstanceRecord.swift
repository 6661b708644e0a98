/// What is written down of a process that runs, so that another holder can find it again.
///
/// No environment and no command: nothing in it is a secret.
struct InstanceRecord: Hashable, Sendable, Codable {
  var id: String
  /// By which it was known when it was made; nil where that is the same.
  var origin: String?
  var serial: UInt32
  var replica: Int
  var identity: ProcessIdentity
  var digest: String
  var reloadVersion: String
  var face: String
  var restarts: Int
  /// What is done when it ends while nobody knows its order.
  var rule: RestartPolicy.Rule
  var isReady: Bool
  /// By the wall clock.
  var startedAt: Int64

  init?(_ instance: Instance, of charge: Charge, origin: String? = nil) {
    guard let main = instance.main else { return nil }
    id = charge.id
    self.origin = origin == charge.id ? nil : origin
    serial = instance.serial
    replica = instance.replica
    identity = main.identity
    digest = instance.digest
    reloadVersion = instance.reloadVersion
    face = charge.face
    restarts = instance.restarts
    rule = charge.care.restart.rule
    isReady = instance.readiness == .ready
    startedAt = main.startedAt
  }
}
