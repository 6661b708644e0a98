internal import Tend

/// A charge with everything that it needs to be carried out.
final class Kept {
  var charge: Charge
  /// By serial.
  var bodies: [UInt32: Body] = [:]
  /// By replica.
  var outputs: [Int: Output] = [:]
  /// As it was told last, to tell changes.
  var told: Report?
  /// What was written down of each instance last.
  var written: [UInt32: InstanceRecord] = [:]
  /// What is to stand in the log of a replica before anything else.
  var notes: [(replica: Int, text: String)] = []
  /// When it is looked at next without a reason.
  var moment: Int64?

  init(_ charge: Charge) { self.charge = charge }

  /// What was written down, in the order of numbers.
  var records: [InstanceRecord] { written.keys.sorted().compactMap { written[$0] } }

  /// Writes to the logs what happened; not at once, as a new process need not wait for that.
  func writeNotes(at wall: Int64) {
    for note in notes { outputs[note.replica]?.note(note.text, at: wall) }
    notes = []
  }

  /// What is known of it, completed with what only a look at the world tells.
  func report(at now: Int64) -> Report {
    var report = Report(charge, at: now)
    for index in report.processes.indices {
      let process = report.processes[index]
      report.processes[index].isTreeExact = bodies[process.serial]?.isExact ?? true
      let isFailing =
        process.failures >= Backoff.loop || process.isLate
        || process.lastExit?.isSuccess == false && process.state == .finished
      if isFailing {
        report.processes[index].lastLines = outputs[process.replica]?.lastLines(5) ?? []
      }
    }
    return report
  }
}

/// Moments at which something is to be looked at, the earliest first.
///
/// An entry that is no longer right is passed over when its time comes.
struct Timeline {
  private var heap: [(moment: Int64, id: String)] = []

  /// The first moment.
  var first: Int64? { heap.first?.moment }

  mutating func add(_ moment: Int64, _ id: String) {
    heap.append((moment, id))
    var index = heap.count - 1
    while index > 0, heap[index].moment < heap[(index - 1) / 2].moment {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  /// Takes the first one if its time has come.
  mutating func take(until now: Int64) -> (moment: Int64, id: String)? {
    guard let first = heap.first, first.moment <= now else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var index = 0
    while true {
      let children = [2 * index + 1, 2 * index + 2].filter { $0 < heap.count }
      guard let least = children.min(by: { heap[$0].moment < heap[$1].moment }),
        heap[least].moment < heap[index].moment
      else { break }
      heap.swapAt(index, least)
      index = least
    }
    return first
  }
}
