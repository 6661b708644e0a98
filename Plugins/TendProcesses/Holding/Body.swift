private import CTendProcesses

/// The process of one instance and all that descends from it, as far as they can be found.
final class Body {
  /// The variable in the environment by which descendants are known.
  static let mark = "TEND_INSTANCE"

  private(set) var group: Group?
  /// By which it was known when it was made; it keeps the name that its processes bear.
  let origin: String
  /// What that variable is; no other holder gives the same.
  let name: String
  var held: HeldProcess?
  /// Where it says that it is ready.
  var notices: Descriptor?
  /// The session that it leads.
  private var session: Int32 = 0
  /// Whether its descendants become children of this process.
  let areOurs: Bool

  init(of origin: String, name: String, group: Group?, areOurs: Bool = true) {
    self.origin = origin
    self.name = name
    self.group = group
    self.areOurs = areOurs
  }

  /// Takes another group in place of one that is spent.
  func renew(_ group: Group) { self.group = group }

  func took(_ held: HeldProcess) {
    self.held = held
    session = held.identity.process
  }

  /// Whether every descendant is certain to be found.
  var isExact: Bool { group?.unified != nil }

  /// What belongs to it besides the main process; `children` are those of this process.
  func descendants(among children: @autoclosure () -> [Int32]) -> [Int32] {
    let main = held?.identity.process
    if let members = group?.members { return members.filter { $0 != main } }
    if !areOurs { return everywhere().filter { $0 != main } }
    return children().filter { $0 != main && belongs($0) }
  }

  /// Whether a process that is nobody's child any more descends from it.
  ///
  /// The id of a session is not used again while it has members, and ours are children of this
  /// process; what an earlier holder had started is only told by it while its leader lives.
  private func belongs(_ process: Int32) -> Bool {
    let isSessionCertain = session > 0 && (areOurs || held?.hasEnded == false)
    return isSessionCertain && tend_session(process) == session
      || tend_has_environment(process, "\(Self.mark)=\(name)") == 1
  }

  private static func processes() -> [tend_process_entry] {
    let capacity = 1 << 16
    return [tend_process_entry](unsafeUninitializedCapacity: capacity) { buffer, count in
      count = max(0, tend_processes(buffer.baseAddress, capacity))
    }
  }

  /// All that descends from it: what nobody else is the parent of, and everything below that.
  private func everywhere() -> [Int32] {
    let all = Self.processes()
    let own = tend_own_process()
    var found = Set(
      all.filter { entry in
        entry.process != own && (entry.parent == own || !areOurs && entry.parent == 1)
          && belongs(entry.process)
      }.map(\.process))
    if let held { found.insert(held.identity.process) }
    var grew = true
    while grew {
      let more = all.filter { found.contains($0.parent) && !found.contains($0.process) }
      grew = !more.isEmpty
      found.formUnion(more.map(\.process))
    }
    return found.sorted()
  }

  /// How many are signalled together: each takes a descriptor meanwhile, and with two more it must
  /// fit into what is spare.
  static let atOnce = Spare.count - 2

  /// Sends a signal to the main process, or to everything that descends from it.
  func signal(_ signal: Signal, all: Bool) {
    guard all else {
      held?.signal(signal.number)
      return
    }
    if signal == .kill, group?.kill() == true { return }
    // While it runs its children hang on it, and are found below it.
    let members = group?.members ?? everywhere()
    let main = held?.identity.process
    var rest = members.filter { $0 != main }[...]
    while !rest.isEmpty {
      signalSome(rest.prefix(Self.atOnce), signal)
      rest = rest.dropFirst(Self.atOnce)
    }
    held?.signal(signal.number)
  }

  private func signalSome(_ members: ArraySlice<Int32>, _ signal: Signal) {
    let descriptors = members.compactMap { process in
      (try? Descriptor(tend_pidfd(process))).map { (process, $0) }
    }
    // Only now are the ids certain: whoever is still a member was one when it was taken hold of.
    let still = Set(group?.members ?? everywhere())
    for (process, descriptor) in descriptors where still.contains(process) {
      _ = tend_signal(descriptor.raw, signal.number)
    }
  }

  // MARK: What nobody wrote down

  /// Ends what a holder of this label started and nobody knows, once that holder is gone.
  ///
  /// Its parent is then whoever takes in all orphans, as for this process: what bears the same mark
  /// in a container of this machine has another one there.
  static func endOrphans(of label: String, but known: Set<String>) {
    // A child of one that is ended becomes an orphan in its turn.
    for _ in 0..<100 where endSomeOrphans(of: label, but: known) {}
  }

  private static func endSomeOrphans(of label: String, but known: Set<String>) -> Bool {
    let all = processes()
    let parent = all.first { $0.process == tend_own_process() }?.parent
    var wereThere = false
    for entry in all where entry.parent == parent {
      guard isUnknown(entry.process, label, known),
        let descriptor = try? Descriptor(tend_pidfd(entry.process)),
        // Only now is the id certain.
        isUnknown(entry.process, label, known)
      else { continue }
      _ = tend_signal(descriptor.raw, Signal.kill.number)
      _ = tend_wait_readable(descriptor.raw, 1000)
      wereThere = true
    }
    return wereThere
  }

  private static func isUnknown(_ process: Int32, _ label: String, _ known: Set<String>) -> Bool {
    let size = 512
    var value = [CChar](repeating: 0, count: size)
    let length = tend_environment(process, mark, &value, size)
    guard length > 0 else { return false }
    let name = String(decoding: value.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return name.hasPrefix(label + "/") && !known.contains(name)
  }
}
