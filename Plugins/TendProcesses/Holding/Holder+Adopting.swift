private import CTendProcesses
internal import Tend

extension Holder {
  /// Finds again what an earlier holder had started.
  func adoptRecorded() {
    for record in Records.read(from: folder) {
      // Written down twice: a rename was interrupted, and will be asked for again.
      if owners[record.identity.process] == nil { adopt(record) }
    }
    if !kept.isEmpty { records.rewrite(written) }
    removeStrangePipes()
    endUnrecorded()
  }

  /// Those of what an earlier holder had not written down, or was about to end.
  private func removeStrangePipes() {
    let known = Set(
      kept.values.flatMap { kept in
        kept.outputs.keys.map { pipeName(FolderName.of(kept.charge.id), $0) }
      })
    for name in pipes.names where !known.contains(name) { pipes.remove(name) }
  }

  private func adopt(_ record: InstanceRecord) {
    let kept = self.kept[record.id] ?? Kept(Charge(id: record.id, seed: seed()))
    self.kept[record.id] = kept
    let held = HeldProcess(finding: record.identity)
    let origin = record.origin ?? record.id
    if origin != record.id { renamed.insert(record.id) }
    let body = Body(
      of: origin, name: mark(origin, record.serial),
      group: try? makeGroup(origin, record.serial, kept), areOurs: false)
    kept.bodies[record.serial] = body
    kept.written[record.serial] = record
    let main = held.map { held in
      Instance.Main(
        identity: held.identity, since: now, startedAt: record.startedAt, isChild: false)
    }
    kept.charge.adopt(record, main, at: now, wall: wall)
    _ = try? output(of: record.replica, kept, nil)
    if let held {
      body.took(held)
      owners[held.identity.process] = (record.id, record.serial)
      watch(held.descriptor.raw, .adopted(record.id, record.serial))
    }
    touched.insert(record.id)
  }

  /// Ends what an earlier holder had just started when it died, before it could write that down.
  ///
  /// What is in its groups is certainly its own; without groups it is told by what it bears.
  private func endUnrecorded() {
    guard let tree = grounds.cgroups.unified, let top = try? grounds.top(in: tree) else {
      let known = kept.values.flatMap { $0.bodies.values.map(\.name) }
      return Body.endOrphans(of: label, but: Set(known))
    }
    let known = Set(
      kept.values.flatMap { kept in
        kept.bodies.map { groupName($0.value.origin, $0.key) }
      })
    for name in top.names where name.contains("#") && !known.contains(name) {
      guard let group = try? top.folder(name) else { continue }
      try? group.open("cgroup.kill", OpenFlags.writing).write(Array("1".utf8))
      // Nothing may be born into it before all of it has ended, which takes no time to speak of.
      for _ in 0..<100 where !top.removeFolder(name) { _ = tend_wait_for_change(group.raw, 10) }
    }
  }
}
