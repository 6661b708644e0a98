private import Glibc
import Logging

/// Where an agent answers those who may only read: `readers` in its configuration.
///
/// The state directory stays closed to them, so the socket lies below `/run/tend`, which belongs to
/// root, or to the user of the agent where systemd makes it (RuntimeDirectory=tend).
enum ReadersSocket {
  static let folder = "/run/tend"

  /// At most 16 of them at once, with short questions.
  private static var limits: ControlServer.Limits {
    var limits = ControlServer.Limits()
    limits.messageBytes = 64 << 10
    limits.connections = 16
    return limits
  }

  /// The server for a group; throws where that is not known, or the socket can't be made.
  static func server(
    for group: String, of state: StateDirectory, logger: Logger,
    answer: @escaping ControlServer.Answer
  ) throws(Failure) -> ControlServer {
    guard let number = number(of: group) else {
      throw Failure(
        "Configuration", "there is no group \(group) on this machine, which `readers` names",
        remedy: "make it with groupadd, or name another")
    }
    _ = mkdir(folder, 0o755)
    guard let address = SocketAddress(readersOf: state.path, in: folder), isSafe(address.directory)
    else {
      throw Failure(
        "Socket", "the readers' socket can't be made in \(folder)",
        remedy: "let root or the agent's user own \(folder), and nobody else write there: "
          + "RuntimeDirectory=tend in the systemd unit")
    }
    try admitOthers(to: address.directory)
    return try ControlServer(
      at: address, for: .readers(group: number), limits: limits, logger: logger, answer: answer)
  }

  /// Whether nobody else could put another socket there.
  static func isSafe(_ directory: Descriptor) -> Bool {
    var status = stat()
    return fstat(directory.raw, &status) == 0 && status.st_mode & (S_IWGRP | S_IWOTH) == 0
      && (status.st_uid == 0 || status.st_uid == geteuid())
  }

  /// Lets others read and enter a directory of ours.
  ///
  /// Whoever claimed first what is owned on this host has made it for nobody else. What lies there
  /// beside the socket is closed to them by itself.
  static func admitOthers(to directory: Descriptor) throws(Failure) {
    let open: mode_t = 0o055
    var status = stat()
    guard fstat(directory.raw, &status) == 0, status.st_mode & open != open,
      status.st_uid == geteuid()
    else { return }
    guard fchmod(directory.raw, status.st_mode & 0o7777 | open) == 0 else {
      throw Failure(
        "Socket", "readers can't be let into \(folder): \(errnoText(errno))",
        remedy: "chmod 755 \(folder)")
    }
  }

  private static func number(of group: String) -> UInt32? {
    if let number = UInt32(group) { return number }
    var entry = Glibc.group()
    var found: UnsafeMutablePointer<Glibc.group>?
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65_536) { buffer in
      guard let base = buffer.baseAddress,
        getgrnam_r(group, &entry, base, buffer.count, &found) == 0, found != nil
      else { return nil }
      return entry.gr_gid
    }
  }
}

extension ControlRequest {
  /// Whether it changes nothing, costs little, and its answer shows nothing private.
  var onlyReads: Bool {
    switch self {
    case .agent, .metrics, .units, .resources, .diff, .events, .eventsAfter, .changed, .revisions:
      true
    case .approve, .forget, .backups, .restore, .suspend, .resume, .heedBrake, .restart, .logs,
      .reconcile, .refresh, .plan, .apply:
      false
    }
  }
}
