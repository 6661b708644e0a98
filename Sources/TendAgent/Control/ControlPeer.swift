private import Glibc

/// Who is at the other end of a control connection, by the kernel's word (SO_PEERCRED, unix(7)).
public struct ControlPeer: Sendable, Hashable {
  /// Its user.
  public let user: UInt32
  /// Its process, as it was when it connected.
  public let process: Int32

  /// The kernel's `struct ucred`.
  private struct Credentials {
    var process: Int32 = 0
    var user: UInt32 = 0
    var group: UInt32 = 0
  }

  /// Describes a peer.
  public init(user: UInt32, process: Int32) {
    self.user = user
    self.process = process
  }

  init?(of descriptor: Descriptor) {
    var credentials = Credentials()
    var length = socklen_t(MemoryLayout<Credentials>.size)
    guard getsockopt(descriptor.raw, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else {
      return nil
    }
    self.init(user: credentials.user, process: credentials.process)
  }

  /// Whether it may ask: root may, and the agent's own user.
  public func isTrusted(by agent: UInt32) -> Bool { user == 0 || user == agent }

  /// The name of its user, for history; the number where it has none.
  public var userName: String { Self.name(of: user) }

  /// The name of a user, or the number where it has none.
  public static func name(of user: UInt32) -> String {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
      guard let base = buffer.baseAddress,
        getpwuid_r(user, &entry, base, buffer.count, &found) == 0, found != nil,
        let name = entry.pw_name
      else { return "uid \(user)" }
      return String(cString: name)
    }
  }
}
