internal import Tend

/// One history in a world of its own.
struct Trial<World: TrialWorld, P: Provider> {
  typealias Pass = TrialPass<P>

  /// What the engine and its store know of one resource.
  private struct Slot {
    var sample: Int?
    let memory: MemoryCell<P.Desired.Subject.Memory>
    /// What was applied last, and before.
    var changes: [Change<P.Desired>] = []
  }

  /// How many fault-free rounds a history may take to its end.
  static var rounds: Int { 6 }
  /// How often a provider may ask to wait after a disturbed pass.
  private static var waits: Int { 20 }

  let world: World
  let make: @Sendable (World, Faults) async throws -> P
  let settings: Conformance.Settings
  let table: FaultTable
  let clock: TrialClock
  let canaries: Canaries
  let samples: Samples<P>
  private(set) var provider: P
  private var slots: [Slot] = []
  /// Those that were as desired when they were last looked at, and that nothing touched since.
  private var settled: Set<Int> = []
  /// Those of which the last pass was disturbed.
  private var disturbed: Set<Int> = []
  /// What was broken, the first first.
  private(set) var breaches: [(law: Law, what: String)] = []
  /// The boundaries of the last pass, and how many faults came to pass.
  private(set) var boundaries: [Boundary] = []
  private(set) var faults = 0

  init(
    in world: World, _ settings: Conformance.Settings, knowing known: Samples<P>? = nil,
    _ make: @escaping @Sendable (World, Faults) async throws -> P
  ) async throws {
    self.world = world
    self.make = make
    self.settings = settings
    clock = TrialClock(from: settings.epoch)
    table = FaultTable(clock, failure: settings.failure)
    provider = try await make(world, table.faults)
    let texts = world.samples
    if let known, known.texts == texts {
      samples = known
    } else {
      samples = try Samples(texts, for: provider)
    }
    canaries = Canaries(settings.secrets + samples.secrets)
    slots = samples.resources.map { _ in Slot(memory: MemoryCell(canaries)) }
  }

  /// How each resource is declared now.
  var declared: [Int?] { slots.map(\.sample) }

  /// Takes all steps; stops at the first that breaks a law.
  mutating func run(_ steps: [Step]) async throws {
    for step in steps {
      try await take(step)
      if !breaches.isEmpty { return }
    }
  }

  private mutating func take(_ step: Step) async throws {
    for resource in step.touched { settled.remove(resource) }
    switch step {
    case .declare(let resource, let sample): slots[resource].sample = sample
    case .withdraw(let resource): slots[resource].sample = nil
    case .pass(let resource, nil): try await calmPass(resource)
    case .pass(let resource, let fault?): try await pass(resource, fault)
    case .again(let resource): try await reapply(resource, slots[resource].changes.last)
    case .late(let resource):
      try await reapply(resource, slots[resource].changes.dropLast().last)
    case .restart: try await restart()
    case .outside(let resource, let sample): await disturb(resource, sample)
    case .together(let resources, let seed): await together(resources, seed)
    }
    inspect()
  }

  // MARK: Passes

  /// A pass over each resource, as it is declared now.
  var passes: [Pass] { slots.indices.map { pass(over: $0) } }

  func memory(of resource: Int) -> MemoryCell<P.Desired.Subject.Memory> { slots[resource].memory }

  private func pass(over resource: Int) -> Pass {
    let slot = slots[resource]
    let item = samples.resources[resource]
    return make(pass: item.id, slot.sample.map { item.variants[$0] }, slot.memory)
  }

  func make(
    pass id: P.Desired.ID, _ desired: P.Desired?, _ memory: MemoryCell<P.Desired.Subject.Memory>
  ) -> Pass {
    let surroundings = TrialSurroundings(
      table.faults, clock, canaries, backups: settings.backups)
    return Pass(
      provider: provider, id: id, desired: desired, memory: memory,
      context: Context(surroundings, deadline: clock.now + .seconds(30)), faults: table.faults,
      clock: clock, canaries: canaries)
  }

  /// A pass in which nothing goes wrong: it leaves no trace where it looks, and gets there.
  private mutating func calmPass(_ resource: Int) async throws {
    let before = try await world.contents()
    table.arm(nil)
    _ = await look(at: resource)
    let seen = try await world.contents()
    if seen != before {
      report(.observeLeavesNoTrace, "observing changed the world: \(difference(before, seen))")
    }
    table.arm(nil)
    let ending = await pass(after: disturbed.remove(resource) != nil, resource)
    boundaries = table.passed
    remember(ending, of: resource)
    judge(ending, of: resource)
    await checkOthers(than: resource)
  }

  /// After a disturbed pass a provider may have to find out what came of that, and says when it
  /// will know; the engine waits as well.
  private func pass(after isDisturbed: Bool, _ resource: Int) async -> Pass.Ending {
    var ending = await pass(over: resource).run()
    for _ in 0..<(isDisturbed ? Self.waits : 0) {
      guard let pause = ending.error?.retryAfter else { break }
      clock.advance(by: pause)
      ending = await pass(over: resource).run()
    }
    return ending
  }

  /// Who was as desired before is so still.
  private mutating func checkOthers(than resource: Int) async {
    for other in settled.sorted() {
      let left = await look(at: other).left
      guard !left.isEmpty else { continue }
      let (name, disturbed) = (samples.names[resource], samples.names[other])
      report(.resourcesAreIndependent, "a pass of \(name) changed \(disturbed): \(left[0].path)")
    }
    if slots[resource].sample != nil { settled.insert(resource) }
  }

  private func look(at resource: Int) async -> Pass.Ending {
    var look = pass(over: resource)
    look = make(pass: look.id, look.desired, look.memory.copy())
    return await look.observing()
  }

  private mutating func judge(_ ending: Pass.Ending, of resource: Int) {
    let name = samples.names[resource]
    let law: Law = slots[resource].sample == nil ? .deletionIsComplete : .convergesInOnePass
    if let error = ending.error {
      report(law, "the pass of \(name) failed where nothing went wrong: \(error)")
    } else if slots[resource].sample == nil {
      if ending.current != nil, ending.change != nil { report(law, "\(name) is still there") }
    } else if !ending.left.isEmpty || ending.current == nil {
      let paths = ending.left.map(\.path).joined(separator: ", ")
      report(law, "after a pass of \(name) there is still a difference: \(paths)")
    }
  }

  private mutating func pass(_ resource: Int, _ fault: Fault) async throws {
    table.arm(nil)
    let existed = await look(at: resource).current != nil
    table.arm(fault)
    // In a task of its own, since a fault may cancel it.
    let pass = pass(over: resource)
    let ending = await withTaskGroup(of: Pass.Ending.self) { group in
      group.addTask { await pass.run() }
      return await group.next() ?? Pass.Ending()
    }
    boundaries = table.passed
    guard table.hasFired else { return }
    faults += 1
    disturbed.insert(resource)
    remember(ending, of: resource)
    if fault.kind == .crashBefore || fault.kind == .crashAfter { return try await restart() }
    classify(ending, fault, existed, of: resource)
  }

  /// What a failure must look like, and what it must not be taken for.
  private mutating func classify(
    _ ending: Pass.Ending, _ fault: Fault, _ existed: Bool, of resource: Int
  ) {
    let name = samples.names[resource]
    if fault.kind == .failure, existed, ending.found == nil, ending.failed != .observe {
      report(.absenceIsCertain, "\(name) was taken for absent after a \(fault)")
    }
    guard let error = ending.error else { return }
    if error.message.isEmpty {
      report(.errorsAreClassified, "after a \(fault) the error says nothing")
    }
    switch fault.kind {
    case .failure, .lostReply:
      if error.code == .permanent || error.code == .notPermitted {
        report(.errorsAreClassified, "a \(fault) is called \(error.code), and would not be retried")
      }
    case .cancellation:
      if error.code == .permanent || error.code == .notPermitted {
        report(.errorsAreClassified, "a cancelled call is called \(error.code): \(error)")
      }
    case .slowness, .staleRead, .overtakenRead:
      if error.code == .permanent || error.code == .notPermitted {
        report(.errorsAreClassified, "after a \(fault) it is called \(error.code): \(error)")
      }
    case .crashBefore, .crashAfter: break
    }
  }

  private mutating func reapply(_ resource: Int, _ change: Change<P.Desired>?) async throws {
    guard let change else { return }
    table.arm(nil)
    let ending = await pass(over: resource).apply(change)
    guard let error = ending.error, case .delete = change.action else { return }
    if error.code == .transient || error.code == .permanent {
      report(
        .deletionIsComplete, "deleting \(samples.names[resource]) twice fails: \(error)")
    }
  }

  private mutating func remember(_ ending: Pass.Ending, of resource: Int) {
    guard let change = ending.change else { return }
    slots[resource].changes.append(change)
    if slots[resource].changes.count > 2 { slots[resource].changes.removeFirst() }
  }

  /// What lived is dead; another begins on the same world and the same store.
  private mutating func restart() async throws {
    table.crash()
    provider = try await make(world, table.faults)
  }

  /// Somebody else changes it by the same means, and our store knows nothing of that.
  ///
  /// Where it is not declared it would be theirs, and stay: nothing of it is ours to remove.
  private func disturb(_ resource: Int, _ sample: Int?) async {
    guard slots[resource].sample != nil else { return }
    table.arm(nil)
    let item = samples.resources[resource]
    let memory = slots[resource].memory.copy()
    _ = await make(pass: item.id, sample.map { item.variants[$0] }, memory).run()
  }

  private mutating func together(_ resources: [Int], _ seed: UInt64) async {
    table.arm(nil)
    let passes = resources.map { (resource: $0, pass: pass(over: $0)) }
    let turns = Turns(of: passes.count, seed: seed)
    table.take(turns)
    let endings = await withTaskGroup(of: (Int, Pass.Ending).self) { group in
      for (resource, pass) in passes {
        group.addTask {
          let ending = await pass.run()
          turns.end()
          return (resource, ending)
        }
      }
      return await group.reduce(into: [Int: Pass.Ending]()) { $0[$1.0] = $1.1 }
    }
    table.take(nil)
    for resource in resources {
      guard let ending = endings[resource] else { continue }
      remember(ending, of: resource)
      let waits = disturbed.remove(resource) != nil && ending.error?.retryAfter != nil
      if let error = ending.error, !waits {
        report(
          .resourcesAreIndependent, "\(samples.names[resource]) failed beside another: \(error)")
      }
    }
  }

  // MARK: The end

  /// Goes on without faults until nothing is left to do, and says where that never comes.
  mutating func settle(_ law: Law) async throws {
    try await restart()
    for round in 0..<Self.rounds {
      var isQuiet = true
      var failures: [String] = []
      for resource in slots.indices {
        table.arm(nil)
        let ending = await pass(over: resource).run()
        if ending.change != nil || ending.error != nil { isQuiet = false }
        if let error = ending.error { failures.append("\(samples.names[resource]): \(error)") }
      }
      clock.advance(by: .seconds(60))
      inspect()
      if isQuiet { return }
      if round == Self.rounds - 1 {
        let reason = failures.isEmpty ? "there is always something to change" : failures[0]
        report(law, "it never comes to rest: \(reason)")
      }
    }
  }

  /// Nothing is changed by one more pass over each, and nothing newly remembered by yet another.
  ///
  /// A memory may come to rest later than its resource: a record of a time that was too young to be
  /// trusted is taken again.
  mutating func checkQuiet() async throws {
    for resource in slots.indices where slots[resource].sample != nil {
      await checkUnchanged(resource)
      let memory = slots[resource].memory.memory
      await checkUnchanged(resource)
      if slots[resource].memory.memory != memory {
        let name = samples.names[resource]
        report(.secondPassIsQuiet, "what is remembered of \(name) changes though nothing else does")
      }
    }
  }

  private mutating func checkUnchanged(_ resource: Int) async {
    table.arm(nil)
    let ending = await pass(over: resource).run()
    clock.advance(by: .seconds(60))
    guard let change = ending.change else { return }
    let paths = change.differences.map(\.path).joined(separator: ", ")
    report(.secondPassIsQuiet, "a second pass changes \(samples.names[resource]) again: \(paths)")
  }

  /// The world is as it would be had nothing gone wrong.
  mutating func compare(with expected: [String], _ law: Law) async throws {
    let contents = try await world.contents()
    guard contents != expected else { return }
    report(law, "the world is not as it would be otherwise: \(difference(expected, contents))")
  }

  private mutating func inspect() {
    for leak in canaries.leaks { report(.secretsStaySecret, "a secret was seen in \(leak)") }
    for (slot, name) in zip(slots, samples.names) {
      for problem in slot.memory.problems {
        report(.memoryIsKept, "the memory of \(name): \(problem)")
      }
    }
  }

  mutating func report(_ law: Law, _ what: String) {
    if !breaches.contains(where: { $0.law == law }) { breaches.append((law, what)) }
  }

  private func difference(_ expected: [String], _ actual: [String]) -> String {
    let extra = actual.difference(from: expected)
    let texts = extra.prefix(6).map { change in
      switch change {
      case .insert(_, let line, _): "+ \(line)"
      case .remove(_, let line, _): "- \(line)"
      }
    }
    return texts.joined(separator: "; ")
  }
}
