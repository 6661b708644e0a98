internal import Glibc

/// A server that takes connections and says nothing: it listens, and the kernel does the rest.
public final class SilentServer: Sendable {
  private let socket: CInt
  /// Where it listens, on loopback.
  public let port: UInt16

  /// Listens on a free port.
  public init() throws {
    (socket, port) = try listenOnLoopback()
  }

  deinit { close(socket) }
}

/// A port of loopback that nobody listens on at this moment.
public func freePort() throws -> UInt16 {
  let (socket, port) = try listenOnLoopback()
  close(socket)
  return port
}

private func listenOnLoopback() throws -> (CInt, UInt16) {
  let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
  guard socket >= 0 else { throw ProgramFailed(description: "no socket: \(errno)") }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let status = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(socket, $0, length) == 0 && listen(socket, 16) == 0
        && getsockname(socket, $0, &length) == 0
    }
  }
  guard status else { throw ProgramFailed(description: "can't listen: \(errno)") }
  return (socket, UInt16(bigEndian: address.sin_port))
}
