import Logging
import Synchronization
import Tend

/// Everything that the engine does for one provider: typed rows, and the workers that keep them up.
final class Controller<P: Provider>: Controlling {
  typealias Desired = P.Desired
  typealias Subject = P.Desired.Subject

  struct Columns: Sendable {
    var slots = SlotIndex<Desired.ID>()
    var handles: [Scheduler.Handle] = []
    var free: [UInt32] = []
    /// Desired states that the next run of the slot takes over; a nil inside: it is withdrawn.
    var pending: [UInt32: Desired?] = [:]
    /// Memories that the next run of the slot takes over, from what it was before.
    var inherited: [UInt32: Subject.Memory?] = [:]
    /// What plans want to know; each is answered by the next run of the slot.
    var inspections: [UInt32: [Question]] = [:]
    /// What is being answered right now.
    var asking: [UInt32: [Question]] = [:]
    /// Whether nothing is new for any slot.
    var isQuiet: Bool { pending.isEmpty && inherited.isEmpty && inspections.isEmpty }
  }

  /// What a plan wants to know of a slot.
  struct Question: Sendable {
    /// What it would be compared with.
    var desired: Aim
    var inspection: Inspection
    /// Of what a revision that is only planned declares.
    var kind: KindName?
  }

  enum Aim: Sendable {
    /// A revision that is only planned; nil: it would be withdrawn.
    case planned(Desired?)
    /// What is in force.
    case inForce
  }

  let provider: P
  let name: String
  let index: Int
  let lane: Scheduler.Lane
  let kinds: [KindDescription]
  let definitions: [KindDescription]
  let core: Core
  let rows = RowStorage<Desired>()
  let columns = Lock(Columns())
  let hanging = Mutex(Hanging())
  let rest = Rest()
  /// How many runs are under way, or wait to be confirmed, whose changes a list may confirm.
  let unconfirmed = Atomic(0)
  /// What a journal recorded during the apply that runs for a slot.
  let journaled = Lock<[UInt32: Subject.Memory]>([:])

  /// Why drift of some resources is found by the resync only; nil: all are watched.
  let polled = Lock<String?>(nil)

  // Found once; see the rules of the provider's abilities.
  let planning: (any Planning<Desired>)?
  let health: (any HealthChecking<Desired>)?
  let listing: (any Listing<Desired>)?
  let executing: (any Executing<Desired>)?
  let confining: (any Confining<Desired>)?
  let reporting: (any DriftReporting<Desired>)?
  let witnessing: (any Witnessing<Desired>)?
  let residing: (any Residing<Desired>)?
  let describing: (any Describing<Desired>)?
  let restarting: (any Restarting<Desired>)?
  let logKeeping: (any LogKeeping<Desired>)?
  let restoring: (any BackupRestoring<Desired>)?
  let renaming: (any Renaming<Desired>)?
  let hostWide: (any HostWide<Desired>)?

  init(_ provider: P, index: Int, core: Core) {
    self.provider = provider
    self.index = index
    self.core = core
    name = provider.name
    lane = core.scheduler.addLane(limit: provider.execution.limit)
    kinds = provider.kinds.map { KindDescription(name: $0.name, schema: $0.schema) }
    definitions = definitionKinds(of: provider)
    planning = provider as? any Planning<Desired>
    health = provider as? any HealthChecking<Desired>
    listing = provider as? any Listing<Desired>
    executing = provider as? any Executing<Desired>
    confining = provider as? any Confining<Desired>
    reporting = provider as? any DriftReporting<Desired>
    witnessing = provider as? any Witnessing<Desired>
    residing = provider as? any Residing<Desired>
    describing = provider as? any Describing<Desired>
    restarting = provider as? any Restarting<Desired>
    logKeeping = provider as? any LogKeeping<Desired>
    restoring = provider as? any BackupRestoring<Desired>
    renaming = provider as? any Renaming<Desired>
    hostWide = provider as? any HostWide<Desired>
  }

  func stage(
    definitions: [Declaration], premises: Premises
  ) -> (part: any StagedPart, diagnostics: [Diagnostic]) {
    let (kinds, diagnostics) = stagedKinds(
      of: provider, definitions: definitions, premises: premises)
    let part = Staged(provider, kinds: kinds, definitions: definitions, premises: premises)
    return (part, diagnostics)
  }

  func kinds(in snapshot: Snapshot, of unit: Unit) -> [KindDescription] {
    let definitions = snapshot.declarations.filter { declaration in
      self.definitions.contains { $0.name == declaration.reference.kind }
    }
    let premises = snapshot.premises(of: unit)
    return stagedKinds(of: provider, definitions: definitions, premises: premises).0
      .map { KindDescription(name: $0.name, schema: $0.schema) }
  }

  // MARK: Slots

  func slot(of identity: String) -> UInt32? {
    guard let id = Desired.ID(identity) else { return nil }
    return columns.withLock { $0.slots.slot(of: id) }
  }

  func makeSlot(of identity: String, memory: Value?) throws(SlotError) -> UInt32 {
    guard let id = Desired.ID(identity), id.description == identity else { throw .identity }
    let decoded = try decode(memory)
    let slot: UInt32? = columns.withLock { columns in
      if let slot = columns.slots.slot(of: id) { return slot }
      let row = Row<Desired>(id: id, memory: decoded)
      if let slot = columns.free.popLast() {
        rows.reset(slot, to: row)
        columns.slots.insert(id, slot)
        columns.handles[Int(slot)] = core.scheduler.register(lane, payload: slot)
        return slot
      }
      guard let slot = rows.append(row) else { return nil }
      columns.slots.insert(id, slot)
      columns.handles.append(core.scheduler.register(lane, payload: slot))
      return slot
    }
    guard let slot else { throw .full }
    return slot
  }

  func makeSlot(of row: Int, in part: any StagedPart) throws(SlotError) -> UInt32 {
    let id = typed(part).desired(row).id
    if let slot = columns.withLock({ $0.slots.slot(of: id) }) { return slot }
    return try makeSlot(of: id.description, memory: nil)
  }

  private func typed(_ part: any StagedPart) -> Staged<P> {
    guard let part = part as? Staged<P> else { preconditionFailure("a part of another provider") }
    return part
  }

  private func decode(_ memory: Value?) throws(SlotError) -> Subject.Memory? {
    guard let memory else { return nil }
    do {
      return try ValueDecoder().decode(Subject.Memory.self, from: memory)
    } catch {
      throw .memory
    }
  }

  func handle(of slot: UInt32) -> Scheduler.Handle {
    columns.withLock { $0.handles[Int(slot)] }
  }

  func free(_ slot: UInt32) -> @Sendable () -> Void {
    let id = rows[slot].id
    let node = Node(controller: index, slot: slot)
    let questions = columns.withLock { columns in
      columns.slots.remove(id)
      columns.pending[slot] = nil
      columns.inherited[slot] = nil
      columns.free.append(slot)
      return columns.inspections.removeValue(forKey: slot) ?? []
    }
    return { [reporting] in
      reporting?.forget(id)
      for question in questions {
        question.inspection.deliver(
          .found(exists: false, differences: [], losesData: false), for: node)
      }
    }
  }

  // MARK: Desired states

  func take(_ desired: [(slot: UInt32, row: Int)], from part: any StagedPart) {
    let part = typed(part)
    columns.withLock { columns in
      for (slot, row) in desired {
        columns.pending.updateValue(part.desired(row), forKey: slot)
      }
    }
  }

  func withdraw(_ slots: [UInt32]) {
    columns.withLock { columns in
      for slot in slots { columns.pending.updateValue(nil, forKey: slot) }
    }
  }

  func inspect(
    _ targets: [(slot: UInt32, row: Int?)], from part: (any StagedPart)?,
    into inspection: Inspection
  ) {
    let part = part.map(typed)
    let handles = columns.withLock { columns in
      for (slot, row) in targets {
        let desired = row.flatMap { part?.desired($0) }
        let kind = row.flatMap { part?.declaration($0).reference.kind }
        columns.inspections[slot, default: []].append(
          Question(desired: .planned(desired), inspection: inspection, kind: kind))
      }
      return targets.map { columns.handles[Int($0.slot)] }
    }
    core.scheduler.add(all: handles, priority: .revision, causes: .inspect)
    refuseHanging(targets.map(\.slot))
  }

  func inspect(inForce slots: [UInt32], into inspection: Inspection) {
    let handles = columns.withLock { columns in
      for slot in slots {
        columns.inspections[slot, default: []].append(
          Question(desired: .inForce, inspection: inspection))
      }
      return slots.map { columns.handles[Int($0)] }
    }
    core.scheduler.add(all: handles, priority: .revision, causes: .inspect)
    refuseHanging(slots)
  }

  /// What a question compares with.
  func aim(_ question: Question, _ slot: UInt32) -> Desired? {
    switch question.desired {
    case .planned(let desired): desired
    case .inForce: rows[slot].desired
    }
  }

  /// At the start of a run: what was declared anew since the last one, and what it has inherited.
  func takePending(_ slot: UInt32) {
    let (pending, inherited) = columns.withLock { columns in
      (columns.pending.take(slot), columns.inherited.take(slot))
    }
    if let inherited { rows[slot].memory = inherited }
    guard let pending else { return }
    rows[slot].desired = pending
    rows.pace(slot).pointee.isPlain = false
    rows.pace(slot).pointee.isAlone = false
  }
}

extension Dictionary {
  /// Removes a value; what becomes empty gives its room back.
  mutating func take(_ key: Key) -> Value? {
    let value = removeValue(forKey: key)
    if isEmpty, capacity > 1024 { self = [:] }
    return value
  }
}

private func definitionKinds<P: Provider>(of provider: P) -> [KindDescription] {
  guard let defining = provider as? any KindDefining<P.Desired> else { return [] }
  return descriptions(defining)
}

private func descriptions<K: KindDefining>(_ provider: K) -> [KindDescription] {
  provider.definitions.map { KindDescription(name: $0.name, schema: $0.schema) }
}
