import Synchronization
import Tend

extension BoxProvider {
  func apply(
    _ change: Change<BoxSpec>, _ journal: Journal<BoxSpec>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    switch change.action {
    case .create(let desired): try await create(desired, journal, context)
    case .update(let row, let desired): try await update(row, desired, change)
    case .replace(let row, let desired):
      try await delete(row)
      try await create(desired, journal, context)
    case .delete(let row): try await delete(row)
    }
    return .done
  }

  // MARK: Creating

  /// The intent, the box, its number, its parts; a box of that label is not made twice.
  private func create(
    _ wanted: BoxSpec, _ journal: Journal<BoxSpec>, _ context: Context
  ) async throws(ProviderError) {
    scratch.current.withLock { $0 = wanted }
    try await refuseDuplicate(of: wanted)
    let desired = mistake == .stateIsShared ? scratch.current.withLock { $0 } ?? wanted : wanted
    if mistake != .identityOnlyInMemory {
      try await journal.record(BoxRow.Memory(number: nil))
    }
    let number = try await post(desired)
    try await journal.record(BoxRow.Memory(number: number))
    if mistake == .secretInNote { context.note("locked with \(desired.lock.reveal())") }
    try await calling("add parts") {
      try await client.patch(number) { $0.parts = desired.parts }
    }
  }

  /// What was observed may be old.
  private func refuseDuplicate(of desired: BoxSpec) async throws(ProviderError) {
    switch mistake {
    case .creationIsBlind, .identityOnlyInMemory, .intentIsNotLookedFor: return
    case .staleListCreatesAgain:
      guard scratch.boxes.withLock({ $0 })?.contains(where: { $0.label == desired.label }) == true
      else { return }
    default:
      let boxes = try await calling("list boxes") { try await client.list() }
      guard boxes.contains(where: { $0.label == desired.label }) else { return }
    }
    throw .conflict("there is a box \(desired.label) already")
  }

  private func post(_ desired: BoxSpec) async throws(ProviderError) -> Int {
    let box = made(desired)
    switch mistake {
    case .replyLostCreatesAgain:
      do throws(ProviderError) {
        return try await calling("make it") { try await client.post(box) }
      } catch {
        return try await calling("make it") { try await client.post(box) }
      }
    case .placeholderStays:
      var placeholder = box
      placeholder.label = "new-\(box.label)"
      let number = try await calling("make it") { [placeholder] in
        try await client.post(placeholder)
      }
      try await calling("name it") { try await client.patch(number) { $0.label = box.label } }
      return number
    case .secretInError:
      do throws(ProviderError) {
        return try await calling("make it") { try await client.post(box) }
      } catch {
        throw .transient("can't make a box with lock \(box.lock)")
      }
    default: return try await calling("make \(box.label)") { try await client.post(box) }
    }
  }

  // MARK: Changing and deleting

  private func update(
    _ row: BoxRow, _ desired: BoxSpec, _ change: Change<BoxSpec>
  ) async throws(ProviderError) {
    let first = change.differences.first?.path
    let touched: @Sendable (String) -> Bool = { path in
      switch mistake {
      case .updateWritesEverything: true
      case .onlyFirstDifference: path == first
      default: change.touches(path)
      }
    }
    let color = paint(desired)
    scratch.seen.withLock { $0.removeAll { $0.color == color && $0.weight == desired.weight } }
    try await calling("change \(desired.label)") {
      try await client.patch(row.box.number) { box in
        if touched("color") { box.color = color }
        if touched("weight") { box.weight = desired.weight }
        if touched("lock") { box.lock = desired.lock.reveal() }
        if touched("parts") { box.parts = desired.parts }
      }
    }
  }

  /// What is gone already is fine.
  private func delete(_ row: BoxRow) async throws(ProviderError) {
    switch mistake {
    case .deletionOnlyHides:
      try await calling("delete") {
        try await client.patch(row.box.number) { $0.label = "old-\($0.label)" }
      }
    case .deletesByPrefix:
      for box in try await boxes() where box.label.hasPrefix(row.box.label) {
        try await remove(box.number)
      }
    default: try await remove(row.box.number)
    }
  }

  private func remove(_ number: Int) async throws(ProviderError) {
    do {
      try await client.delete(number)
    } catch DepotError.noSuchBox where mistake != .deletingTwiceFails {
      return
    } catch {
      throw ProviderError(
        mistake == .deletingTwiceFails ? .permanent : .transient, "can't delete box \(number)",
        cause: error)
    }
  }
}
