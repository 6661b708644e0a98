import Synchronization
import Tend

extension Controller {
  /// What was changed in one batch, and not looked at since.
  ///
  /// A change is confirmed before its worker takes anything else, so that a wave is never larger
  /// than a batch.
  struct Wave {
    /// One change that was carried out.
    struct Member {
      let ticket: Scheduler.Ticket
      let pass: Pass<P>
      let verdict: Verdict
      let done: Result.Done
      let begun: Duration
      fileprivate(set) var position = 0
    }

    /// Fewer, of all workers together, are looked at one by one: a list shows all the others too.
    static var fewestListed: Int { 8 }
    /// No change waits longer for those after it.
    static var longest: Duration { .seconds(5) }

    private(set) var members: [Member] = []
    private var position = 0
    /// Whether what is changed now may wait for those after it.
    private(set) var isOpen = false

    /// The worker turns to the next of its batch.
    mutating func turn(to position: Int, isListed: Bool) {
      self.position = position
      isOpen = isListed
    }

    mutating func add(_ member: Member) {
      members.append(member)
      members[members.count - 1].position = position
    }

    /// Whether the first has waited long enough.
    func isDue(_ now: Duration) -> Bool {
      members.first.map { now - $0.begun > Self.longest } ?? false
    }
  }

  /// Looks at what was changed, by one list where that is much; says how each run ended.
  func confirm(
    _ wave: inout Wave, _ site: CallSite
  ) async -> [(position: Int, disposition: Scheduler.Disposition)] {
    let members = wave.members
    wave = Wave()
    for member in members { member.pass.takeJournaled() }
    defer { unconfirmed.subtract(members.count, ordering: .relaxed) }
    var listed: [Together?] = []
    if unconfirmed.load(ordering: .relaxed) >= Wave.fewestListed {
      let context = Context(site, deadline: core.time.monotonic() + Self.usualTimeout)
      listed = await list(members.map { target(of: $0.pass) }, context)
    }
    var endings: [(position: Int, disposition: Scheduler.Disposition)] = []
    for (index, member) in members.enumerated() {
      let together = listed.isEmpty ? nil : listed[index]
      let disposition = await confirm(member, by: together?.listed, site)
      let now = core.time.monotonic()
      endings.append(
        (member.position, paced(disposition, member.pass.slot, together?.phase, now)))
    }
    return endings
  }

  private func target(of pass: Pass<P>) -> Target<Desired> {
    let row = rows[pass.slot]
    return Target(id: row.id, desired: row.desired, memory: row.memory)
  }

  private func confirm(
    _ member: Wave.Member, by listed: Listed?, _ site: CallSite
  ) async -> Scheduler.Disposition {
    var pass = member.pass
    let assignment = pass.assignment
    core.scheduler.begin(member.ticket, timeout: assignment.timeout)
    site.turn(to: pass.node, isRepair: !assignment.isNew)
    pass.context = Context(
      site, deadline: core.time.monotonic() + assignment.timeout, limits: assignment.confinement)
    let result = await marking(mark(pass.node), site) { [pass] in
      await pass.confirmed(member.verdict, member.done, by: listed)
    }
    return conclude(pass, meaning(of: result, pass, member.ticket, since: member.begun))
  }
}
