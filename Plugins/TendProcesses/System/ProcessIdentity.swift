private import CTendProcesses

/// Which process is meant, for good: ids are used again, also before the next boot, but never with
/// the same start time.
struct ProcessIdentity: Hashable, Sendable, Codable {
  let boot: String
  let process: Int32
  /// In clock ticks since boot; proc_pid_stat(5).
  let started: Int64

  init(boot: String, process: Int32, started: Int64) {
    self.boot = boot
    self.process = process
    self.started = started
  }

  /// The process that has this id now.
  init(of process: Int32) throws(SystemError) {
    self.init(boot: Self.boot, process: process, started: try check(tend_start_time(process)))
  }

  /// The id of this boot.
  static let boot: String = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 37) { buffer in
    guard let start = buffer.baseAddress, tend_boot_id(start) == 0 else { return "unknown" }
    return String(cString: start)
  }
}

/// A process that is held: what is signalled through it is certainly the one that is meant.
struct HeldProcess: Sendable {
  let identity: ProcessIdentity
  let descriptor: Descriptor

  /// A child that was just started, with the descriptor that came with it.
  init(child: Int32, _ descriptor: Descriptor) throws(SystemError) {
    self.descriptor = descriptor
    identity = try ProcessIdentity(of: child)
  }

  /// The process that is meant, if it still runs.
  init?(finding identity: ProcessIdentity) {
    guard identity.boot == ProcessIdentity.boot,
      let descriptor = try? Descriptor(tend_pidfd(identity.process)),
      // Only now is it certain that the id still belongs to it: the descriptor came first.
      tend_start_time(identity.process) == identity.started,
      tend_has_ended(descriptor.raw) == 0
    else { return nil }
    self.identity = identity
    self.descriptor = descriptor
  }

  /// Sends a signal; nothing where it has ended.
  func signal(_ number: Int32) { _ = tend_signal(descriptor.raw, number) }

  var hasEnded: Bool { tend_has_ended(descriptor.raw) == 1 }
}
