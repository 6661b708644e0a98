public import Tend

/// What is known of one backup: enough to bring back the bytes and everything about them.
public struct BackupRecord: Sendable, Hashable, Codable {
  /// What was kept.
  public enum Kind: String, Sendable, Hashable, Codable {
    /// A regular file; its bytes lie beside the record.
    case file
    /// A symbolic link; its target is in the record.
    case link
  }

  /// The path that it was kept from, as people know it.
  public var path: String
  /// Its number; grows within the store, the later backup has the greater one.
  public var number: Int64
  /// When it was made.
  public var time: Timestamp
  /// What was kept.
  public var kind: Kind
  /// Permission bits, with set-user-id and the like, as chmod(2) takes them.
  public var mode: UInt32
  /// Its owner's number.
  public var owner: UInt32
  /// Its group's number.
  public var group: UInt32
  /// When its content was last modified.
  public var modified: Timestamp
  /// In bytes.
  public var size: Int64
  /// Where a link led.
  public var target: String?
  /// Extended attributes, access lists among them, by name; the values in hexadecimal.
  public var attributes: [String: String]
  /// Whether it was there before us; such a backup outlives rotation while its path is owned.
  public var isAdopted: Bool
}

extension BackupRecord {
  /// Whether a path names what was kept, however its slashes and dots are written.
  ///
  /// What lies below a unit's root is known as `ROOT//PATH`; people type the path as it is.
  func isKept(from path: String) -> Bool { Self.plain(self.path) == Self.plain(path) }

  private static func plain(_ path: String) -> [Substring] {
    path.split(separator: "/").reduce(into: []) { parts, part in
      switch part {
      case ".": break
      case "..": _ = parts.popLast()
      default: parts.append(part)
      }
    }
  }
}
