private import CTendProcesses
internal import Tend

/// What is kept goes on by another name; its processes, their groups and sockets keep the names
/// that they were started with.
extension Holder {
  /// A charge whose numbers nothing has that was started under its name and goes on by another.
  func makeKept(_ id: String) -> Kept {
    Kept(Charge(id: id, seed: seed(), after: lastSerial(startedAs: id)))
  }

  private func lastSerial(startedAs id: String) -> UInt32 {
    renamed.flatMap { name in
      kept[name]?.bodies.filter { $0.value.origin == id }.map(\.key) ?? []
    }.max() ?? 0
  }

  /// Nothing where nothing is kept by the old name, or something is by the new one.
  func rename(_ id: String, to new: String) {
    guard id != new, self.kept[new] == nil, let kept = self.kept.removeValue(forKey: id) else {
      return
    }
    kept.charge.rename(to: new, after: lastSerial(startedAs: new))
    self.kept[new] = kept
    renamed.remove(id)
    renamed.insert(new)
    rewatch(id, as: new)
    for (process, owner) in owners where owner.id == id { owners[process] = (new, owner.serial) }
    for question in questions where question.id == id { question.id = new }
    touched.remove(id)
    touched.insert(new)
    moveLogs(of: kept, FolderName.of(id), to: FolderName.of(new))
    moveRecords(of: kept, from: id)
    (kept.told, kept.moment) = (nil, nil)
    untold.ids.remove(id)
    for client in clients where client.isWatching { send(.gone(id: id), to: client) }
  }

  /// What lies under the new name belonged to something else, and is kept under the old one.
  private func moveLogs(of kept: Kept, _ name: String, to new: String) {
    let aside = ".\(new)"
    try? logs.rename(new, to: aside)
    try? logs.rename(name, to: new)
    try? logs.rename(aside, to: name)
    for (replica, output) in kept.outputs {
      output.moved(to: [new, "\(replica)"], through: pipeName(new, replica))
    }
  }

  /// The new ones come first: what is written down twice is found again, what is not is lost.
  private func moveRecords(of kept: Kept, from id: String) {
    let old = kept.written.keys.sorted()
    kept.written = [:]
    record(kept)
    for serial in old { records.remove(id, serial) }
  }
}
