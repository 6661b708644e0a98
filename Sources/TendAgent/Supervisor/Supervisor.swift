private import Glibc

/// Tells the supervisor that started this process how it is: sd_notify(3), in own words.
///
/// A datagram of assignments to the socket that `NOTIFY_SOCKET` names. Nothing is ever waited for:
/// what the socket does not take at once, the caller may tell again.
struct Supervisor: Sendable {
  /// One assignment of the protocol.
  enum Message: Sendable, Hashable {
    /// The agent answers, and keeps up what was accepted.
    case ready
    /// The configuration is read again; `ready` follows. The time is CLOCK_MONOTONIC's.
    case reloading(microseconds: UInt64)
    /// The agent ends.
    case stopping
    /// For people: a line.
    case status(String)
    /// The agent is alive.
    case watchdog

    var text: String {
      switch self {
      case .ready: "READY=1"
      case .reloading(let microseconds): "RELOADING=1\nMONOTONIC_USEC=\(microseconds)"
      case .stopping: "STOPPING=1"
      case .status(let status): "STATUS=" + status.split(whereSeparator: \.isNewline).joined()
      case .watchdog: "WATCHDOG=1"
      }
    }
  }

  /// How often the supervisor wants to hear `watchdog` at least; nil: never.
  let watchdog: Duration?
  private let address: String

  /// nil where nobody asked to be told, or at an address of a sort that is not spoken here.
  init?(
    environment: (String) -> String? = StateDirectory.variable, process: Int32 = getpid()
  ) {
    guard let address = environment("NOTIFY_SOCKET"), let first = address.utf8.first,
      first == UInt8(ascii: "/") || first == UInt8(ascii: "@"),
      (2...Self.longest).contains(address.utf8.count)
    else { return nil }
    self.address = address
    watchdog = Self.watchdog(environment, process)
  }

  /// The bytes of `sun_path` in unix(7), one of which ends a path.
  private static let longest = 107

  /// A period that was meant for another process is none of ours.
  private static func watchdog(
    _ environment: (String) -> String?, _ process: Int32
  ) -> Duration? {
    if let meant = environment("WATCHDOG_PID"), Int32(meant) != process { return nil }
    guard let text = environment("WATCHDOG_USEC"), let period = Int64(text), period > 0 else {
      return nil
    }
    return .microseconds(period)
  }

  /// Sends these in one datagram; false where it was not taken.
  @discardableResult
  func tell(_ messages: Message...) -> Bool {
    let text = messages.map(\.text).joined(separator: "\n")
    let flags = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = Descriptor(socket(AF_UNIX, flags, 0))
    var bytes = Array(text.utf8)
    let sent = withAddress { address, length in
      sendto(
        descriptor.raw, &bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT),
        address, length)
    }
    return sent == bytes.count
  }

  /// Tells that the configuration is read again, as of now.
  func tellReloading() {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    let microseconds = Int64(now.tv_sec) &* 1_000_000 &+ Int64(now.tv_nsec) / 1000
    tell(.reloading(microseconds: UInt64(clamping: microseconds)))
  }

  /// Tells what must not be lost: ten times within a second where the socket's queue is full.
  func insist(on message: Message, clock: some Clock<Duration>) async {
    for _ in 0..<10 {
      if tell(message) { return }
      guard (try? await clock.sleep(for: .milliseconds(100))) != nil else { return }
    }
  }

  /// In an abstract address the first byte is zero and nothing ends it.
  private func withAddress(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int
  ) -> Int {
    var socket = sockaddr_un()
    socket.sun_family = sa_family_t(AF_UNIX)
    var path = Array(address.utf8)
    if path.first == UInt8(ascii: "@") { path[0] = 0 } else { path.append(0) }
    withUnsafeMutableBytes(of: &socket.sun_path) { $0.copyBytes(from: path) }
    let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    return withUnsafePointer(to: &socket) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        body(pointer, socklen_t(start + path.count))
      }
    }
  }
}
