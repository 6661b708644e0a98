internal import Foundation
internal import Glibc

/// A datagram socket that a test listens at, as a supervisor does.
public final class DatagramSocket: Sendable {
  /// What `NOTIFY_SOCKET` says of it.
  public let address: String
  private let descriptor: Int32

  /// Binds a path, or, with `@` in front, an abstract address.
  public init(at address: String) throws {
    self.address = address
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    var path = Array(address.utf8)
    if path.first == UInt8(ascii: "@") { path[0] = 0 } else { path.append(0) }
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path) }
    let length = socklen_t(2 + path.count)
    let result = withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length)
      }
    }
    guard result == 0 else { throw ProgramFailed(description: "bind \(address): \(errno)") }
  }

  deinit { close(descriptor) }

  /// All that has arrived and was not read yet, a datagram each.
  public func received() -> [String] {
    var all: [String] = []
    var bytes = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      guard count >= 0 else { return all }
      all.append(String(decoding: bytes.prefix(count), as: UTF8.self))
    }
  }
}
