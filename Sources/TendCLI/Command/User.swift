private import Glibc
import TendAgent

/// Who runs this command, for history.
enum User {
  /// The user's name; behind sudo also whose terminal it is.
  static var current: String {
    let name = ControlPeer.name(of: geteuid())
    guard let asker = StateDirectory.variable("SUDO_USER"), !asker.isEmpty, asker != name else {
      return name
    }
    return "\(name), by sudo of \(asker)"
  }
}
