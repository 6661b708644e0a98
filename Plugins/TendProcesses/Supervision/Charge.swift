internal import Tend

/// One declared process with all its replicas: what is so, what is wanted, and what is done next.
///
/// A value without effects. Events are taken in by its methods; `advance` then looks at everything
/// and says what to do, so that a lost event costs time and breaks nothing.
struct Charge: Sendable {
  private(set) var id: String
  /// What is wanted; nil while only what runs is known, after a holder has died.
  private(set) var order: Order?
  /// The declared fields, also where the order is not known.
  var face = ""
  /// By serial.
  var instances: [Instance] = []
  /// Whether it is to end and be forgotten.
  private(set) var isReleased = false
  /// What its restart policy was, where no order is known.
  private var orphanRule = RestartPolicy.Rule.always
  private var nextSerial: UInt32 = 1
  private var random: SplitMix

  /// Its first instance has the number after this one.
  init(id: String, seed: UInt64, after serial: UInt32 = 0) {
    self.id = id
    nextSerial = serial &+ 1
    random = SplitMix(state: seed)
  }

  /// What the holder does next for an instance.
  enum Action: Hashable, Sendable {
    case start(UInt32, Launch, replica: Int)
    /// To its main process, or to all that descend from it.
    case signal(UInt32, Signal, all: Bool)
    /// Look whether descendants are left.
    case look(UInt32)
    case ask(UInt32, Probe, replica: Int)
    /// Nothing of it is left.
    case discard(UInt32)
  }

  /// How it is looked after; with the usual sequence where no order is known.
  var care: Care { order?.care ?? Care(restart: RestartPolicy(rule: orphanRule)) }

  // MARK: What is wanted

  /// Takes over what is to be kept running from now on.
  mutating func keep(_ order: Order, at now: Int64) {
    let previous = self.order
    self.order = order
    face = order.face
    isReleased = false
    guard let previous else { return }
    for index in instances.indices {
      // What waits out a failure need not wait with what is new.
      if previous.launch.digest != order.launch.digest { instances[index].backoff.reset() }
      if previous.care.readiness != order.care.readiness
        || previous.care.liveness != order.care.liveness
      {
        instances[index].questions.next = now
        instances[index].questions.failures = 0
        instances[index].questions.lastSign = now
      }
    }
  }

  /// It goes on by another name; what is made from now on has numbers after this one.
  mutating func rename(to id: String, after serial: UInt32) {
    self.id = id
    order?.id = id
    nextSerial = max(nextSerial, serial &+ 1)
  }

  /// It is no longer declared: everything ends.
  mutating func release() { isReleased = true }

  /// All replicas are to be ended and started again, as after a change.
  mutating func restart() {
    for index in instances.indices { instances[index].isToRestart = true }
  }

  // MARK: What happened

  private mutating func update(_ serial: UInt32, _ body: (inout Instance) -> Void) {
    guard let index = instances.firstIndex(where: { $0.serial == serial }) else { return }
    body(&instances[index])
  }

  mutating func started(_ serial: UInt32, _ main: Instance.Main) {
    guard let order else { return }
    update(serial) { instance in
      if instance.main != nil { return }
      if !instance.digest.isEmpty { instance.restarts += 1 }
      instance.main = main
      instance.phase = .running
      instance.digest = order.launch.digest
      instance.reloadVersion = order.reloadVersion
      instance.isToRestart = false
      instance.hasDescendants = false
      instance.problem = nil
      instance.fault = nil
      instance.statusText = nil
      instance.readiness = .pending(since: main.since)
      instance.questions = .init(next: main.since, lastSign: main.since)
      if order.care.readiness == nil {
        instance.readiness = .ready
        instance.questions.next = main.since &+ (order.care.liveness?.interval ?? 0)
      }
    }
  }

  /// It could not be started.
  mutating func failedToStart(_ serial: UInt32, _ why: String, at now: Int64) {
    let (policy, digest, random) = (care.restart, order?.launch.digest ?? "", random.next())
    update(serial) { instance in
      instance.problem = why
      instance.digest = digest
      let delay = instance.backoff.ended(after: 0, policy, random: random)
      instance.phase = .waiting(until: now &+ max(delay, policy.initialDelay, 100_000_000))
    }
  }

  /// Its main process has ended; `leaving` says whether descendants of it are left.
  mutating func exited(
    _ serial: UInt32, _ exit: Exit, leaving: Bool, at now: Int64, wall: Int64
  ) {
    update(serial) { instance in
      guard let main = instance.main else { return }
      instance.lastExit = .init(
        exit: exit, at: wall, run: max(0, now &- main.since), reason: instance.fault)
      instance.main = nil
      instance.hasDescendants = leaving
      instance.questions.isAsking = false
      if case .ending = instance.phase { return }
      // What is left gets the whole sequence, from its beginning.
      instance.phase = .ending(.init(purpose: .exit, step: -1, until: now))
    }
  }

  mutating func looked(_ serial: UInt32, hasDescendants: Bool) {
    update(serial) { $0.hasDescendants = hasDescendants }
  }

  mutating func becameReady(_ serial: UInt32) {
    update(serial) { instance in
      guard instance.isAlive, instance.readiness != .ready else { return }
      instance.readiness = .ready
      instance.problem = nil
      instance.questions.failures = 0
    }
  }

  /// A question was answered; `problem` is nil where the answer was right.
  mutating func answered(_ serial: UInt32, problem: String?, at now: Int64) {
    let care = care
    update(serial) { instance in
      instance.questions.isAsking = false
      guard instance.phase == .running, instance.isAlive else { return }
      guard instance.readiness == .ready else {
        instance.questions.next = now &+ (care.readiness?.interval ?? 0)
        instance.problem = problem
        if problem == nil {
          instance.readiness = .ready
          instance.questions.next = now &+ (care.liveness?.interval ?? 0)
        }
        return
      }
      instance.questions.next = now &+ (care.liveness?.interval ?? 0)
      instance.problem = problem
      instance.questions.failures = problem == nil ? 0 : instance.questions.failures + 1
    }
  }

  /// It says that it is alive.
  mutating func gaveSign(_ serial: UInt32, at now: Int64) {
    update(serial) { $0.questions.lastSign = now }
  }

  mutating func said(_ serial: UInt32, _ text: String) {
    update(serial) { $0.statusText = text.isEmpty ? nil : text }
  }

  // MARK: What is done

  /// Looks at everything, and says what to do now.
  mutating func advance(_ now: Int64) -> [Action] {
    var actions: [Action] = []
    concludeEndings(now, &actions)
    forgive(now)
    if let order, order.care.readiness == nil {
      for instance in instances where instance.phase == .running { becameReady(instance.serial) }
    }
    arrange(now)
    for index in instances.indices { step(index, now, &actions) }
    return actions
  }

  /// When `advance` must be called again, if nothing happens before; nil: never.
  func nextMoment(after now: Int64) -> Int64? {
    instances.compactMap { moment(of: $0, now) }.min()
  }

  private func moment(of instance: Instance, _ now: Int64) -> Int64? {
    switch instance.phase {
    case .waiting(let until): return order == nil ? nil : until
    case .finished: return nil
    case .ending(let ending):
      // Descendants that are nobody's children any more end without a word.
      let look = instance.isAlive ? nil : Optional(now &+ 100_000_000)
      return [ending.until, look].compactMap { $0 }.min()
    case .running:
      var moments: [Int64] = []
      if instance.backoff.failures > 0, let main = instance.main {
        moments.append(main.since &+ care.restart.stableAfter)
      }
      if case .pending(let since) = instance.readiness, let readiness = care.readiness {
        if readiness.deadline > 0, !instance.isLate(at: now, care) {
          moments.append(since &+ readiness.deadline)
        }
        if readiness.isAsked, !instance.questions.isAsking {
          moments.append(instance.questions.next)
        }
      } else if let liveness = care.liveness {
        if liveness.method == .notify {
          moments.append(instance.questions.lastSign &+ liveness.interval)
        } else if !instance.questions.isAsking {
          moments.append(instance.questions.next)
        }
      }
      return moments.min()
    }
  }

  /// Who has run long enough is healthy again.
  private mutating func forgive(_ now: Int64) {
    for index in instances.indices where instances[index].backoff.failures > 0 {
      if let main = instances[index].main, now &- main.since >= care.restart.stableAfter {
        instances[index].backoff.reset()
      }
    }
  }

  /// Those of which nothing is left go on to what comes then.
  private mutating func concludeEndings(_ now: Int64, _ actions: inout [Action]) {
    for index in instances.indices {
      guard case .ending(let ending) = instances[index].phase, !instances[index].isAlive,
        !instances[index].hasDescendants
      else { continue }
      switch ending.purpose {
      case .removal: continue
      case .renewal:
        instances[index].backoff.reset()
        instances[index].phase = .waiting(until: now)
      case .unhealthy, .exit: decide(index, ending.purpose, now)
      }
    }
    instances.removeAll { instance in
      let isGone = instance.isLeaving && !instance.isAlive && !instance.hasDescendants
      if isGone { actions.append(.discard(instance.serial)) }
      return isGone
    }
  }

  private mutating func decide(_ index: Int, _ purpose: Instance.Purpose, _ now: Int64) {
    let policy = care.restart
    let past = instances[index].lastExit
    let restarts =
      purpose == .unhealthy ? policy.rule != .never : policy.restarts(after: past?.exit ?? .unknown)
    guard restarts else {
      instances[index].phase = .finished
      return
    }
    let delay = instances[index].backoff.ended(
      after: past?.run ?? 0, policy, random: random.next())
    instances[index].phase = .waiting(until: now &+ delay)
  }

  private mutating func step(_ index: Int, _ now: Int64, _ actions: inout [Action]) {
    let instance = instances[index]
    switch instance.phase {
    case .finished: break
    case .waiting(let until):
      guard let order, until <= now, !isReleased else { return }
      actions.append(.start(instance.serial, order.launch, replica: instance.replica))
    case .ending: end(index, now, &actions)
    case .running: attend(index, now, &actions)
    }
  }

  /// Takes the next step of the stop sequence when its time has come.
  private mutating func end(_ index: Int, _ now: Int64, _ actions: inout [Action]) {
    guard case .ending(var ending) = instances[index].phase else { return }
    let instance = instances[index]
    if !instance.isAlive { actions.append(.look(instance.serial)) }
    guard let until = ending.until, until <= now else { return }
    let steps = care.stop.steps
    var next = ending.step + 1
    // KILL can't be ignored, but a new descendant may have come meanwhile.
    if next == steps.count, steps.last?.signal == .kill { next -= 1 }
    guard steps.indices.contains(next) else {
      ending.until = nil
      instances[index].phase = .ending(ending)
      return
    }
    ending.step = next
    if steps[next].signal == .kill {
      ending.until = now &+ 200_000_000
    } else {
      ending.until = next == steps.count - 1 ? nil : now &+ steps[next].wait
    }
    instances[index].phase = .ending(ending)
    actions.append(
      .signal(
        instance.serial, steps[next].signal, all: !instance.isAlive || steps[next].signal == .kill))
  }

  /// Looks after one that runs: readiness, liveness, reload.
  private mutating func attend(_ index: Int, _ now: Int64, _ actions: inout [Action]) {
    guard let order else { return }
    let care = order.care
    let instance = instances[index]
    if instance.reloadVersion != order.reloadVersion, instance.digest == order.launch.digest {
      instances[index].reloadVersion = order.reloadVersion
      actions.append(.signal(instance.serial, care.reloadSignal, all: false))
    }
    guard let probe = instance.readiness == .ready ? care.liveness : care.readiness else { return }
    if instance.readiness == .ready {
      let isSilent =
        probe.method == .notify && now &- instance.questions.lastSign >= probe.interval
      if isSilent || instance.questions.failures >= probe.failureThreshold {
        let failures = instance.questions.failures
        let words =
          isSilent
          ? "it said nothing for \(Duration.nanoseconds(probe.interval).brief)"
          : "its liveness failed \(failures) times: \(instance.problem ?? "")"
        (instances[index].problem, instances[index].fault) = (words, words)
        begin(index, .unhealthy, now)
        end(index, now, &actions)
        return
      }
    }
    guard probe.isAsked, !instance.questions.isAsking, instance.questions.next <= now else {
      return
    }
    instances[index].questions.isAsking = true
    actions.append(.ask(instance.serial, probe, replica: instance.replica))
  }

  /// Begins to end an instance; one that ends already gets another purpose.
  private mutating func begin(_ index: Int, _ purpose: Instance.Purpose, _ now: Int64) {
    if case .ending(var ending) = instances[index].phase {
      ending.purpose = purpose
      instances[index].phase = .ending(ending)
    } else {
      instances[index].phase = .ending(.init(purpose: purpose, step: -1, until: now))
    }
  }

  private mutating func add(replica: Int, _ now: Int64) {
    instances.append(Instance(serial: nextSerial, replica: replica, at: now))
    nextSerial &+= 1
  }

  // MARK: Replicas

  /// Brings the instances in line with what is wanted, as far as may be done now.
  private mutating func arrange(_ now: Int64) {
    if isReleased {
      for index in instances.indices { begin(index, .removal, now) }
      return
    }
    guard let order else { return }
    for index in instances.indices where instances[index].replica >= order.care.replicas {
      begin(index, .removal, now)
    }
    replaceIdle(now, order)
    retireReplaced(now, order)
    for replica in 0..<order.care.replicas
    where !instances.contains(where: { $0.replica == replica && !$0.isLeaving }) {
      add(replica: replica, now)
    }
    rollOut(now, order)
  }

  /// Whether it does not run with what is declared now.
  func isStale(_ instance: Instance) -> Bool {
    guard let order else { return false }
    return !instance.digest.isEmpty
      && (instance.isToRestart || instance.digest != order.launch.digest)
  }

  /// What serves nobody gets what is declared at once.
  private mutating func replaceIdle(_ now: Int64, _ order: Order) {
    for index in instances.indices where isStale(instances[index]) {
      let instance = instances[index]
      if instance.isRenewing || instance.isReady { continue }
      switch instance.phase {
      case .waiting, .finished:
        instances[index].isToRestart = false
        instances[index].digest = order.launch.digest
        instances[index].backoff.reset()
        instances[index].problem = nil
        instances[index].phase = .waiting(until: now)
      case .running, .ending: begin(index, .renewal, now)
      }
    }
  }

  /// Old ones go once the new one of their replica is ready.
  private mutating func retireReplaced(_ now: Int64, _ order: Order) {
    for index in instances.indices where isStale(instances[index]) && !instances[index].isLeaving {
      let replica = instances[index].replica
      let isReplaced = instances.contains {
        $0.replica == replica && $0.isReady && !isStale($0)
      }
      if isReplaced { begin(index, .removal, now) }
    }
  }

  /// Replaces those that serve, as many at once as may be down, and no more once a new one fails.
  private mutating func rollOut(_ now: Int64, _ order: Order) {
    let care = order.care
    guard stuck(at: now) == nil else { return }
    let serving = (0..<care.replicas).count { replica in
      instances.contains { $0.replica == replica && $0.isReady }
    }
    var budget = serving - (care.replicas - care.rollout.maximumUnavailable)
    var extra = instances.count { !$0.isLeaving } - care.replicas
    for index in instances.indices where isStale(instances[index]) && instances[index].isReady {
      let replica = instances[index].replica
      if instances.contains(where: { $0.replica == replica && !isStale($0) && !$0.isLeaving }) {
        continue
      }
      if extra < care.rollout.maximumSurge {
        add(replica: replica, now)
        extra += 1
      } else if budget > 0 {
        begin(index, .renewal, now)
        budget -= 1
      }
    }
  }

  /// The first instance with what is declared now that does not work, while old ones still serve.
  func stuck(at now: Int64) -> Instance? {
    guard let order, instances.contains(where: { isStale($0) && $0.isReady }) else { return nil }
    return instances.first { instance in
      instance.digest == order.launch.digest && !instance.isToRestart
        && instance.isInTrouble(at: now, order.care)
    }
  }

  // MARK: Adoption

  /// Takes up what an earlier holder had started; `main` is nil where it has ended since.
  mutating func adopt(
    _ record: InstanceRecord, _ main: Instance.Main?, at now: Int64, wall: Int64
  ) {
    var instance = Instance(serial: record.serial, replica: record.replica, at: now)
    instance.main = main
    if main != nil {
      instance.phase = .running
    } else {
      instance.lastExit = .init(exit: .unknown, at: wall, run: 0)
      instance.hasDescendants = true
      instance.phase = .ending(.init(purpose: .exit, step: -1, until: now))
    }
    instance.digest = record.digest
    instance.reloadVersion = record.reloadVersion
    instance.restarts = record.restarts
    if record.isReady { instance.readiness = .ready }
    instance.questions.next = now
    instance.questions.lastSign = now
    instances.append(instance)
    orphanRule = record.rule
    nextSerial = max(nextSerial, record.serial &+ 1)
    face = record.face
  }
}

/// A generator of numbers that is told where to start (Steele, Lea and Flood, 2014).
struct SplitMix: Sendable {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
