private import Glibc

/// Where an agent keeps what must outlive it: store, lock, socket, mirrors and backups.
///
/// The store makes it, with mode 0700, and holds its lock.
public struct StateDirectory: Sendable, Hashable {
  /// The directory itself, absolute, each part of it after one `/`.
  public let path: String

  /// Names a directory, relative to the current one where it does not begin with `/`.
  ///
  /// Two spellings that differ in slashes or in `.` name the same one; `..` and links are left.
  public init(_ path: String) {
    var path = path
    if !path.hasPrefix("/"), let current = getcwd(nil, 0) {
      path = String(cString: current) + "/" + path
      free(current)
    }
    let parts = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    self.path = path.hasPrefix("/") ? "/" + parts : parts
  }

  /// The directory where none is named: `/var/lib/tend` as root, else `tend` below
  /// `$XDG_STATE_HOME` or `~/.local/state` (XDG Base Directory Specification).
  public static func standard(
    environment: (String) -> String? = StateDirectory.variable, user: UInt32? = nil
  ) -> StateDirectory {
    if let state = environment("XDG_STATE_HOME"), state.hasPrefix("/") {
      return StateDirectory(state + "/tend")
    }
    if user ?? geteuid() == 0 { return StateDirectory("/var/lib/tend") }
    return StateDirectory((environment("HOME") ?? "/") + "/.local/state/tend")
  }

  /// A variable of this process's environment.
  public static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// Copies of what changes replaced or deleted.
  public var backups: String { path + "/backups" }
  /// The file that suspends everything while it is there; see `Brake`.
  public var brake: String { path + "/suspended" }
  /// Mirrors of Git repositories.
  public var mirrors: String { path + "/git" }
}
