public import TendEngine

/// What was brought back, as JSON.
public struct RestoreDocument: Sendable, Hashable, Codable {
  /// Always `tend/v1`.
  public var apiVersion: String
  /// From which backup.
  public var backup: BackupRecord
  /// The resource that it is, where a unit owns it.
  public var resource: ResourceStatus?
  /// What keeps it from being changed again.
  public var suspension: Suspension?

  init(_ backup: BackupRecord, _ restored: Engine.Restored) {
    apiVersion = "tend/v1"
    self.backup = backup
    resource = restored.resource
    suspension = restored.suspension
  }
}
