private import CTendProcesses
internal import Tend

/// Keeps processes running, also while no agent does: their parent, their reader and their witness.
///
/// One process with one thread and one loop. What to do is decided by `Charge`; here it is done.
/// It ends when it keeps nothing and nobody has talked to it for a while.
final class Holder {
  /// What an event stands for.
  enum Watched {
    case children
    case listener
    case lock
    case client(Client)
    case output(String, replica: Int)
    case notices(String, UInt32)
    case adopted(String, UInt32)
    case question(Question)
  }

  let folder: Folder
  let records: Records
  let logs: Folder
  let pipes: Folder
  /// Tells its cgroups and sockets from those of another holder.
  let label: String
  let grounds: Grounds
  let nothing: Descriptor
  /// What a process that is started writes to: a low number, which it inherits.
  let seat: Descriptor
  /// Where the output of commands that only answer goes.
  let nullOutput: Descriptor

  private let lock: Descriptor
  /// Tells that the lock may have been removed; nil where that can't be watched.
  private let removal: Descriptor?
  private let poll: Descriptor
  private let signals: Descriptor
  let listener: Descriptor
  let devices: Folder
  let spare: Spare
  /// Descriptors that are given up when somebody wants to talk and there are no others.
  var reserve: [Descriptor] = []
  /// Whether nobody new can be listened to.
  var isDeaf = false
  private var watched: [UInt64: (what: Watched, descriptor: Int32)] = [:]
  private var nextToken: UInt64 = 1
  private var tokens: [Int32: UInt64] = [:]

  var kept: [String: Kept] = [:]
  /// Of what is kept, what was started under another name.
  var renamed: Set<String> = []
  /// Whose main process has this id.
  var owners: [Int32: (id: String, serial: UInt32)] = [:]
  var questions: [Question] = []
  var clients: [Client] = []
  var timeline = Timeline()
  /// What is to be looked at before the loop waits again.
  var touched: Set<String> = []
  var lastVersion: Int64 = 0
  /// Whose reports those who watch have not been sent yet, and when they are.
  var untold: (ids: Set<String>, moment: Int64?) = ([], nil)
  /// When somebody was last there, or something was kept.
  private var lastUse: Int64
  private var isLeaving = false
  private var random: SplitMix

  /// How long it stays without a reason: a restart of the agent is shorter.
  static let patience: Int64 = 10_000_000_000
  /// How long reports are gathered for those who watch: what was just started runs meanwhile.
  static let gathering: Int64 = 5_000_000

  /// Takes the place of the holder of a folder; throws where there is one.
  init(at path: String, cgroups: Cgroups) throws(SystemError) {
    folder = try Folder(at: path)
    lock = try folder.open("holder.lock", OpenFlags.appending)
    try check(tend_lock_file(lock.raw))
    removal = try? Descriptor(tend_watch_links(lock.raw))
    records = Records(in: folder)
    logs = try folder.folder("logs", making: true)
    label = Grounds.prefix + FolderName.hash(path)
    grounds = Grounds(label, in: cgroups)
    pipes = try grounds.pipes(for: folder)
    devices = try Folder(at: "/dev")
    nothing = try devices.open("null", OpenFlags.reading)
    nullOutput = try devices.open("null", OpenFlags.writing)
    seat = try devices.open("null", OpenFlags.writing)
    tend_raise_descriptor_limit()
    spare = Spare(nothing)
    try check(tend_become_subreaper())
    poll = try Descriptor(tend_poll_make())
    signals = try Descriptor(tend_watch_children())
    listener = try Descriptor(tend_listen(folder.raw, Self.socketName))
    lastUse = tend_monotonic()
    var generator = SystemRandomNumberGenerator()
    random = SplitMix(state: generator.next())
    watch(signals.raw, .children)
    watch(listener.raw, .listener)
    if let removal { watch(removal.raw, .lock) }
  }

  static let socketName = "holder.sock"
  /// An agent keeps up to ten conversations.
  static let reserved = 12

  /// All that is written down.
  var written: [InstanceRecord] { kept.keys.sorted().flatMap { kept[$0]?.records ?? [] } }

  var childrenDescriptor: Int32 { signals.raw }
  var now: Int64 { tend_monotonic() }
  var wall: Int64 { tend_wall_clock() }

  func seed() -> UInt64 { random.next() }

  /// Goes, at the end of this turn.
  func leave() { isLeaving = true }

  // MARK: Watching

  func watch(_ descriptor: Int32, _ what: Watched, _ events: UInt32 = UInt32(TEND_READABLE)) {
    let token = nextToken
    nextToken &+= 1
    guard tend_poll_add(poll.raw, descriptor, token, events) == 0 else { return }
    watched[token] = (what, descriptor)
    tokens[descriptor] = token
  }

  func change(_ descriptor: Int32, _ events: UInt32) {
    guard let token = tokens[descriptor] else { return }
    _ = tend_poll_change(poll.raw, descriptor, token, events)
  }

  /// Before the descriptor is closed.
  func unwatch(_ descriptor: Int32) {
    guard let token = tokens.removeValue(forKey: descriptor) else { return }
    watched[token] = nil
    tend_poll_remove(poll.raw, descriptor)
  }

  /// Events of what goes on by another name are for that name.
  func rewatch(_ id: String, as new: String) {
    for (token, entry) in watched {
      let what: Watched
      switch entry.what {
      case .output(id, let replica): what = .output(new, replica: replica)
      case .notices(id, let serial): what = .notices(new, serial)
      case .adopted(id, let serial): what = .adopted(new, serial)
      default: continue
      }
      watched[token]?.what = what
    }
  }

  // MARK: The loop

  /// Runs until there is nothing to keep and nobody to talk to.
  func run() {
    grounds.enable()
    grounds.sweep()
    replenish()
    adoptRecorded()
    settle()
    while !isLeaving, !isIdle() {
      var events = [tend_event](repeating: tend_event(), count: 64)
      let count = tend_poll_wait(poll.raw, &events, 64, timeout())
      for event in events.prefix(max(0, Int(count))) { handle(event) }
      passTime()
      settle()
      if reserve.count < Self.reserved { replenish() }
    }
    grounds.leave()
  }

  private func isIdle() -> Bool {
    // Nobody finds it any more, and another one may want its place.
    if kept.isEmpty, tend_has_links(lock.raw) == 0 { return true }
    if !kept.isEmpty || !clients.isEmpty { lastUse = now }
    return now - lastUse >= Self.patience
  }

  private func timeout() -> Int32 {
    var moments = [timeline.first, questions.map(\.until).min(), untold.moment].compactMap { $0 }
    if kept.isEmpty, clients.isEmpty { moments.append(lastUse + Self.patience) }
    guard let first = moments.min() else { return -1 }
    // Rounded up, so that what is due is due when the wait ends.
    return Int32(clamping: max(0, (first - now + 999_999) / 1_000_000))
  }

  private func handle(_ event: tend_event) {
    // What was ended earlier in this turn is not there any more.
    guard let entry = watched[event.token] else { return }
    switch entry.what {
    case .children: reap()
    case .listener: accept(listener)
    case .lock: _ = try? removal?.read(upTo: 4 << 10)
    case .client(let client): attend(client, event.events)
    case .output(let id, let replica): read(id, replica)
    case .notices(let id, let serial): takeNotices(id, serial)
    case .adopted(let id, let serial): adoptedEnded(id, serial)
    case .question(let question): proceed(question)
    }
  }

  private func passTime() {
    let now = now
    while let (moment, id) = timeline.take(until: now) {
      if kept[id]?.moment == moment {
        kept[id]?.moment = nil
        touched.insert(id)
      }
    }
    for question in questions where question.until <= now {
      answer(question, question.late)
    }
    if let moment = untold.moment, moment <= now { tellAll() }
  }

  /// Decides and acts until nothing is left to do now.
  func settle() {
    while !touched.isEmpty {
      let ids = touched.sorted()
      touched = []
      for id in ids {
        guard let kept = kept[id] else { continue }
        let actions = kept.charge.advance(now)
        for action in actions { perform(action, kept) }
        if actions.contains(where: \.hasConsequences) { touched.insert(id) }
        finish(kept)
      }
    }
  }
}

extension Charge.Action {
  /// Whether the charge is to be looked at again at once.
  fileprivate var hasConsequences: Bool {
    switch self {
    case .start, .discard: true
    case .signal, .look, .ask: false
    }
  }
}

/// What the program becomes where it is started under the holder's name.
@_cdecl("tend_hold")
func hold(_ path: UnsafePointer<CChar>, _ usesCgroups: Int32) {
  do throws(SystemError) {
    try Holder(at: String(cString: path), cgroups: usesCgroups == 1 ? Cgroups() : .none).run()
  } catch {
    // Another one holds the folder, or it can't be used: whoever started this one will be told by
    // the socket that does not answer.
    return
  }
}
