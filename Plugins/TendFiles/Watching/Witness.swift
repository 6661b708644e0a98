private import CTendFiles
private import Synchronization

/// Sees who changes some entries of one directory, by fanotify(7): root alone may ask the kernel.
///
/// It has a thread of its own, which sleeps until something happens in the directory, and which
/// ends when nobody has asked for half an hour.
final class Witness: Sendable {
  private struct State {
    /// Who was seen last, by the name of the entry; only names that were asked for.
    var opponents: [ByteText: String?] = [:]
    var wasAsked = true
    var hasEnded = false
  }

  private let events: Int32
  private let bell: Descriptor
  private let state = Mutex(State())

  /// In milliseconds.
  private static let patience: Int32 = 30 * 60 * 1000
  /// Names in one directory that are followed at most.
  private static let mostNames = 64

  /// Nil where the kernel does not tell.
  init?(of directory: HeldDirectory) {
    guard let bell = try? Descriptor(tend_bell_make()) else { return nil }
    self.bell = bell
    events = tend_witness_open(directory.descriptor.raw)
    guard events >= 0 else { return nil }
    let context = Unmanaged.passRetained(self)
    let code = tend_start_thread(
      { context in
        guard let context else { return }
        Unmanaged<Witness>.fromOpaque(context).takeRetainedValue().run()
      }, context.toOpaque())
    guard code < 0 else { return }
    context.release()
    return nil
  }

  deinit { if events >= 0 { tend_close(events) } }

  /// Who changed an entry last; from the first question on.
  func opponent(of name: String) -> String? {
    state.withLock { state in
      state.wasAsked = true
      let key = ByteText(name)
      if let known = state.opponents[key] { return known }
      if state.opponents.count < Self.mostNames { state.opponents[key] = .some(nil) }
      return nil
    }
  }

  /// Whether it sees anything any more.
  var hasEnded: Bool { state.withLock { $0.hasEnded } }

  /// Ends the thread.
  func end() { tend_bell_ring(bell.raw) }

  private func run() {
    let size = 64 << 10
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let ready = tend_wait(events, bell.raw, Self.patience)
      if ready == 0, isWanted() { continue }
      guard ready == 1 else { break }
      let count = tend_read(events, buffer.baseAddress, size)
      if count > 0 { take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
    }
    state.withLock { $0.hasEnded = true }
  }

  private func isWanted() -> Bool {
    state.withLock { state in
      defer { state.wasAsked = false }
      return state.wasAsked
    }
  }

  private func take(_ events: UnsafeRawBufferPointer) {
    var rest = events
    var event = tend_witness_event()
    let own = tend_witness_self()
    while true {
      let start = rest.baseAddress?.assumingMemoryBound(to: CChar.self)
      let used = tend_witness_at(start, rest.count, &event)
      guard used > 0, used <= rest.count else { return }
      if event.process > 0, event.process != own, let name = event.name {
        note(ByteText(String(cString: name)), event.process)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[used...])
    }
  }

  private func note(_ name: ByteText, _ process: Int32) {
    guard state.withLock({ $0.opponents[name] != nil }) else { return }
    // At once: many who write are gone soon after.
    let opponent = Opponent(process).description
    state.withLock { $0.opponents[name] = .some(opponent) }
  }
}

/// A process that changed something.
struct Opponent: CustomStringConvertible {
  let description: String

  /// Looks it up in proc(5), as far as it is still there.
  init(_ process: Int32) {
    let folder = "/proc/\(process)"
    let program = Self.link("\(folder)/exe")
    let unit = Self.text("\(folder)/cgroup").flatMap(Self.unit)
    let more = [program, unit].compactMap { $0 }.joined(separator: ", ")
    description = "pid \(process)" + (more.isEmpty ? ", which has ended since" : " (\(more))")
  }

  /// The unit of systemd in which a process runs, by its cgroups; the innermost one.
  static func unit(in cgroups: String) -> String? {
    let names = cgroups.split(separator: "\n").flatMap { $0.split(separator: "/") }
    return names.last { $0.hasSuffix(".service") || $0.hasSuffix(".scope") }.map(String.init)
  }

  private static func link(_ path: String) -> String? {
    guard let entry = try? Descriptor(path.withCString { tend_open_link($0) }) else { return nil }
    return try? entry.readLink()
  }

  private static func text(_ path: String) -> String? {
    guard let file = try? Descriptor(path.withCString { tend_open(-100, $0, 0, 0) }) else {
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = bytes.withUnsafeMutableBytes { tend_read(file.raw, $0.baseAddress, $0.count) }
    return count > 0 ? String(decoding: bytes.prefix(Int(count)), as: UTF8.self) : nil
  }
}
