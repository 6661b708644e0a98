private import CTendProcesses
internal import Tend

extension Holder {
  /// Does what a charge decided.
  func perform(_ action: Charge.Action, _ kept: Kept) {
    switch action {
    case .start(let serial, let launch, let replica): start(serial, launch, replica, kept)
    case .signal(let serial, let signal, let all):
      spare.lend { kept.bodies[serial]?.signal(signal, all: all) }
    case .look(let serial): spare.lend { look(serial, kept) }
    case .ask(let serial, let probe, let replica): ask(serial, probe, replica, kept)
    case .discard(let serial): discard(serial, kept)
    }
  }

  // MARK: Starting

  private func start(_ serial: UInt32, _ launch: Launch, _ replica: Int, _ kept: Kept) {
    let launch = launch.expanded(for: replica)
    do throws(Starter.Failure) {
      let (body, output) = try prepare(serial, replica, launch, kept)
      guard tend_put_in_place(output.raw, seat.raw) >= 0 else {
        throw Starter.Failure(step: Int32(TEND_STEP_DESCRIPTORS), code: 24)
      }
      let (process, descriptor) = try Starter.start(
        completed(launch, replica, body, kept.charge.id, serial),
        in: .init(
          input: nothing.raw, output: seat.raw, cgroup: body.group?.unified?.raw ?? -1,
          joined: body.group?.joinedDescriptors ?? []))
      guard let held = try? HeldProcess(child: process, descriptor) else {
        throw Starter.Failure(step: Int32(TEND_STEP_CLONE), code: SystemError.noProcess)
      }
      body.took(held)
      owners[process] = (kept.charge.id, serial)
      kept.charge.started(
        serial,
        Instance.Main(identity: held.identity, since: now, startedAt: wall, isChild: true))
    } catch {
      let words = error.words(launch)
      kept.notes.append((replica, words))
      kept.charge.failedToStart(serial, words, at: now)
    }
  }

  /// Makes what an instance needs, where it is not there from its last start.
  private func prepare(
    _ serial: UInt32, _ replica: Int, _ launch: Launch, _ kept: Kept
  ) throws(Starter.Failure) -> (Body, Descriptor) {
    let step: Int
    do throws(SystemError) {
      let output = try output(of: replica, kept, launch.account)
      let end = try output.openForProcess()
      let body: Body
      if let known = kept.bodies[serial] {
        body = known
        if known.group?.isSpent == true {
          known.group?.remove()
          known.renew(try makeGroup(known.origin, serial, kept))
        }
      } else {
        let id = kept.charge.id
        body = Body(of: id, name: mark(id, serial), group: try makeGroup(id, serial, kept))
      }
      kept.bodies[serial] = body
      try listen(launch, body, kept.charge.id, serial)
      return (body, end)
    } catch {
      step = error.code == SystemError.missing ? TEND_STEP_CGROUP : TEND_STEP_DESCRIPTORS
      throw Starter.Failure(step: Int32(step), code: error.code)
    }
  }

  func output(
    of replica: Int, _ kept: Kept, _ account: Account?
  ) throws(SystemError) -> Output {
    if let output = kept.outputs[replica] { return output }
    let name = FolderName.of(kept.charge.id)
    let output = try Output(
      [name, "\(replica)"], in: logs, through: pipeName(name, replica), in: pipes,
      kept.charge.care.logs, account: account)
    kept.outputs[replica] = output
    watch(output.pipe.raw, .output(kept.charge.id, replica: replica))
    return output
  }

  func pipeName(_ folder: String, _ replica: Int) -> String { "\(folder)#\(replica)" }

  func makeGroup(
    _ id: String, _ serial: UInt32, _ kept: Kept
  ) throws(SystemError) -> Group {
    try Group(groupName(id, serial), on: grounds, kept.charge.care.limits)
  }

  func groupName(_ id: String, _ serial: UInt32) -> String { "\(FolderName.of(id))#\(serial)" }

  /// By what the environment of descendants tells whose they are.
  func mark(_ id: String, _ serial: UInt32) -> String { "\(label)/\(id)#\(serial)" }

  private func listen(
    _ launch: Launch, _ body: Body, _ id: String, _ serial: UInt32
  ) throws(SystemError) {
    guard launch.notifies, body.notices == nil else { return }
    let notices = try Descriptor(tend_notice_socket(noticeName(body.origin, serial)))
    body.notices = notices
    watch(notices.raw, .notices(id, serial))
  }

  private func noticeName(_ id: String, _ serial: UInt32) -> String {
    "\(label)/\(FolderName.hash(id))/\(serial)"
  }

  /// With what only the holder knows.
  private func completed(
    _ launch: Launch, _ replica: Int, _ body: Body, _ id: String, _ serial: UInt32
  ) -> Launch {
    var launch = launch
    launch.environment.append(.init(name: "TEND_REPLICA", value: "\(replica)"))
    launch.environment.append(.init(name: Body.mark, value: body.name))
    guard launch.notifies else { return launch }
    launch.environment.append(
      .init(name: "NOTIFY_SOCKET", value: "@" + noticeName(body.origin, serial)))
    if launch.watchdog > 0 {
      launch.environment.append(
        .init(name: "WATCHDOG_USEC", value: "\(launch.watchdog / 1000)"))
    }
    return launch
  }

  // MARK: Ending

  /// Takes all children that have ended, those of which nobody knows among them.
  func reap() {
    tend_drain_signals(childrenDescriptor)
    var status: Int32 = 0
    var hasStrangers = false
    while true {
      let process = tend_reap(&status)
      if process == 0 { break }
      let value = tend_status_value(status)
      let exit: Exit = tend_status_is_signal(status) == 1 ? .signal(value) : .status(value)
      if let owner = owners.removeValue(forKey: process) {
        ended(owner.id, owner.serial, exit)
      } else if let question = questions.first(where: { $0.held?.identity.process == process }) {
        answer(question, exit.isSuccess ? nil : "the command \(exit.words)")
      } else {
        hasStrangers = true
      }
    }
    // A descendant of something that is being ended may have been its last one.
    if hasStrangers {
      for (id, kept) in kept where kept.charge.instances.contains(where: \.hasDescendants) {
        touched.insert(id)
      }
    }
  }

  private func ended(_ id: String, _ serial: UInt32, _ exit: Exit) {
    guard let kept = kept[id], let body = kept.bodies[serial] else { return }
    if let instance = kept.charge.instances.first(where: { $0.serial == serial }) {
      empty(id, instance.replica, kept)
      let process = body.held?.identity.process ?? 0
      kept.notes.append((instance.replica, "process \(process) \(exit.words)"))
    }
    let left = spare.lend { !body.descendants(among: children()).isEmpty }
    body.held = nil
    kept.charge.exited(serial, exit, leaving: left, at: now, wall: wall)
    touched.insert(id)
  }

  func adoptedEnded(_ id: String, _ serial: UInt32) {
    guard let held = kept[id]?.bodies[serial]?.held, held.hasEnded else { return }
    unwatch(held.descriptor.raw)
    // A child of ours may have got its number since.
    let owner = owners[held.identity.process]
    if owner?.id == id, owner?.serial == serial { owners[held.identity.process] = nil }
    ended(id, serial, .unknown)
  }

  private func children() -> [Int32] {
    let capacity = 1 << 15
    return [Int32](unsafeUninitializedCapacity: capacity) { buffer, count in
      count = max(0, tend_children(buffer.baseAddress, capacity))
    }.filter { owners[$0] == nil }
  }

  private func look(_ serial: UInt32, _ kept: Kept) {
    guard let body = kept.bodies[serial] else {
      kept.charge.looked(serial, hasDescendants: false)
      return
    }
    let isLeft = !body.descendants(among: children()).isEmpty
    guard let instance = kept.charge.instances.first(where: { $0.serial == serial }) else { return }
    kept.charge.looked(serial, hasDescendants: isLeft)
    if instance.hasDescendants != isLeft { touched.insert(kept.charge.id) }
  }

  private func discard(_ serial: UInt32, _ kept: Kept) {
    guard let body = kept.bodies.removeValue(forKey: serial) else { return }
    if let notices = body.notices { unwatch(notices.raw) }
    body.group?.remove()
    let replicas = Set(kept.charge.instances.map(\.replica))
    for (replica, output) in kept.outputs where !replicas.contains(replica) {
      empty(kept.charge.id, replica, kept)
      unwatch(output.pipe.raw)
      output.end()
      kept.outputs[replica] = nil
    }
  }

  // MARK: Output and notices

  func read(_ id: String, _ replica: Int) {
    guard let kept = kept[id], let output = kept.outputs[replica] else { return }
    kept.writeNotes(at: wall)
    let (lines, _) = output.drain(at: wall)
    listen(to: lines, replica, kept)
  }

  /// Reads what is left, as far as a bound: whoever still writes is not waited for.
  private func empty(_ id: String, _ replica: Int, _ kept: Kept) {
    guard let output = kept.outputs[replica] else { return }
    kept.writeNotes(at: wall)
    for _ in 0..<16 {
      let (lines, isMore) = output.drain(at: wall)
      listen(to: lines, replica, kept)
      if !isMore { return }
    }
  }

  private func listen(to lines: [ArraySlice<UInt8>], _ replica: Int, _ kept: Kept) {
    guard case .log(let pattern)? = kept.charge.care.readiness?.method else { return }
    for instance in kept.charge.instances
    where instance.replica == replica && instance.isAlive && instance.readiness != .ready {
      guard lines.contains(where: { pattern.matches($0) }) else { continue }
      kept.charge.becameReady(instance.serial)
      touched.insert(kept.charge.id)
    }
  }

  /// What a process says about itself; see sd_notify(3).
  func takeNotices(_ id: String, _ serial: UInt32) {
    guard let kept = kept[id], let body = kept.bodies[serial], let socket = body.notices else {
      return
    }
    var process: Int32 = 0
    var user: UInt32 = 0
    while true {
      let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
        let start = buffer.baseAddress.map { UnsafeMutableRawPointer($0) }
        count = max(
          0,
          tend_receive_notice(
            socket.raw, start?.assumingMemoryBound(to: CChar.self), 4096, &process, &user))
      }
      if bytes.isEmpty { return }
      // Anybody can reach the socket: only the process itself and its descendants are believed.
      let main = body.held?.identity.process ?? -1
      let isOwn =
        process == main || tend_session(process) == main
        || body.group?.members?.contains(process) == true
      if isOwn { takeNotice(bytes, serial, kept) }
    }
  }

  private func takeNotice(_ bytes: [UInt8], _ serial: UInt32, _ kept: Kept) {
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      let text = String(decoding: line, as: UTF8.self)
      switch text {
      case "READY=1":
        if kept.charge.care.readiness?.method == .notify { kept.charge.becameReady(serial) }
        kept.charge.gaveSign(serial, at: now)
      case "WATCHDOG=1": kept.charge.gaveSign(serial, at: now)
      default:
        guard text.hasPrefix("STATUS=") else { continue }
        kept.charge.said(serial, String(text.dropFirst(7).prefix(200)))
      }
    }
    touched.insert(kept.charge.id)
  }

  // MARK: Questions

  private func ask(_ serial: UInt32, _ probe: Probe, _ replica: Int, _ kept: Kept) {
    let question = Question(
      probe.method.expanded(for: replica), id: kept.charge.id, serial: serial,
      until: now &+ probe.timeout)
    if case .exec(let command) = probe.method {
      var launch = kept.charge.order?.launch.expanded(for: replica)
      launch?.command = command.map { $0.expanded(for: replica) }
      launch?.notifies = false
      guard let launch, let body = kept.bodies[serial] else { return }
      do throws(Starter.Failure) {
        let (process, descriptor) = try Starter.start(
          completed(launch, replica, body, question.id, serial),
          in: .init(
            input: nothing.raw, output: nullOutput.raw,
            cgroup: body.group?.unified?.raw ?? -1, joined: body.group?.joinedDescriptors ?? []))
        question.held = try? HeldProcess(child: process, descriptor)
      } catch {
        return kept.charge.answered(serial, problem: error.words(launch), at: now)
      }
    } else if case .answered(let problem) = question.begin() {
      return kept.charge.answered(serial, problem: problem, at: now)
    }
    questions.append(question)
    if let socket = question.socket { watch(socket.raw, .question(question), question.interest) }
  }

  func proceed(_ question: Question) {
    switch question.proceed() {
    case .waiting: if let socket = question.socket { change(socket.raw, question.interest) }
    case .answered(let problem): answer(question, problem)
    }
  }

  func answer(_ question: Question, _ problem: String?) {
    guard questions.contains(where: { $0 === question }) else { return }
    questions.removeAll { $0 === question }
    if let socket = question.socket { unwatch(socket.raw) }
    // One that did not end in time; it is reaped when it has.
    question.held?.signal(Signal.kill.number)
    kept[question.id]?.charge.answered(question.serial, problem: problem, at: now)
    touched.insert(question.id)
  }

  // MARK: Keeping books

  /// After all that could be done now: writes down what runs, tells what changed, and sets the
  /// clock.
  func finish(_ kept: Kept) {
    let id = kept.charge.id
    kept.writeNotes(at: wall)
    record(kept)
    if kept.charge.isReleased, kept.charge.instances.isEmpty {
      self.kept[id] = nil
      renamed.remove(id)
      untold.ids.remove(id)
      for client in clients where client.isWatching || client.awaited == id {
        send(.gone(id: id), to: client)
      }
      return
    }
    var report = kept.report(at: now)
    report.version = kept.told?.version ?? 0
    report.unrecorded = records.problem
    if report != kept.told {
      lastVersion += 1
      report.version = lastVersion
      kept.told = report
      untold.ids.insert(id)
      untold.moment = untold.moment ?? now &+ Self.gathering
    }
    let moment = kept.charge.nextMoment(after: now)
    if let moment, moment != kept.moment { timeline.add(moment, id) }
    kept.moment = moment
  }

  /// Sends those who watch what has changed.
  func tellAll() {
    let ids = untold.ids.sorted()
    untold = ([], nil)
    guard clients.contains(where: \.isWatching) else { return }
    for report in ids.compactMap({ kept[$0]?.told }) {
      for client in clients where client.isWatching { send(.report(report), to: client) }
    }
  }

  func record(_ kept: Kept) {
    var now: [UInt32: InstanceRecord] = [:]
    for instance in kept.charge.instances {
      now[instance.serial] = InstanceRecord(
        instance, of: kept.charge, origin: kept.bodies[instance.serial]?.origin)
    }
    let before = kept.written
    guard now != before else { return }
    for (serial, record) in now.sorted(by: { $0.key < $1.key }) where before[serial] != record {
      records.write(record, isNew: before[serial] == nil)
    }
    for serial in before.keys.sorted() where now[serial] == nil {
      records.remove(kept.charge.id, serial)
    }
    kept.written = now
    guard records.isOutdated else { return }
    let hadProblem = records.problem != nil
    records.rewrite(written)
    // What was missing is there now, of all of them.
    if hadProblem, records.problem == nil { touched.formUnion(self.kept.keys) }
  }
}

extension Probe.Method {
  /// The same for one replica.
  func expanded(for replica: Int) -> Probe.Method {
    switch self {
    case .tcp(let host, let port): .tcp(host: host, port: port.expanded(for: replica))
    case .http(let host, let port, let path):
      .http(
        host: host, port: port.expanded(for: replica), path: path.expanded(for: replica))
    case .exec, .notify, .log: self
    }
  }
}
