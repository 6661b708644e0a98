import Tend

/// A thing as it was found.
struct ShelfRow: Resource {
  struct Memory: Codable, Equatable, Sendable {
    var serial: Int
    var secret: String
  }

  let id: String
  var thing: Shelf.Thing
  var digest: String
  var memory: Memory { Memory(serial: thing.serial, secret: digest) }
}

/// A thing as declared; what is nil is left alone.
struct ShelfItem: DesiredState {
  struct Spec: Decodable {
    var path: String
    var content: String?
    var mode: Int?
    var color: String?
    var secret: Sensitive<String>?
  }

  var kind: String
  var spec: Spec

  var id: String { spec.path }

  func differences(from current: ShelfRow?) -> [Difference] {
    compare { comparison in
      comparison.field("kind", current?.thing.kind, kind, immutable: true)
      comparison.field("content", current?.thing.content, spec.content)
      comparison.field("mode", current?.thing.mode, spec.mode)
      comparison.field("color", current?.thing.color, spec.color, immutable: true)
      if let secret = spec.secret {
        comparison.secret("secret", isCurrent: current.map { $0.thing.secret == secret.reveal() })
      }
    }
  }

  /// The box that it lies in.
  var prerequisites: [String] {
    guard let slash = spec.path.lastIndex(of: "/") else { return [] }
    return [String(spec.path[..<slash])]
  }

  var fingerprint: Fingerprint? { spec.content.map { Fingerprint("content-\($0)") } }
}

/// Keeps a shelf: the simple world.
struct ShelfProvider: Provider, DriftReporting {
  let shelf: Shelf
  var name = "shelf"
  var execution = Execution.pool(limit: 4)
  var drift: DriftBell?
  /// Where changes become durable; nil: at once.
  var place: SettlingPlace?

  var kinds: [Kind<ShelfItem>] {
    ["Item", "Box"].map { kind in
      Kind(
        KindName(apiVersion: "\(name)/v1", kind: kind), ShelfItem.Spec.self,
        Schema(
          "A thing on a shelf.",
          [
            .string("path", required: true, "Where it lies."),
            .string("content", "What is in it."),
            .integer("mode", "How it lies."),
            .string("color", immutable: true, "Its color."),
            .string("secret", sensitive: true, "What nobody may see."),
          ])
      ) { ShelfItem(kind: kind, spec: $0) }
    }
  }

  func observe(
    _ target: Target<ShelfItem>, _ context: Context
  ) async throws(ProviderError) -> ShelfRow? {
    let call = Shelf.Call.observe(target.id)
    let fault = shelf.enter(call)
    defer { shelf.leave(call) }
    switch fault {
    case .fail(let error): throw error
    case .hang: try await context.sleep(for: .seconds(1_000_000))
    case .wait(let gate): await gate.pass()
    case .first(let body): await body()
    case .ignore: return nil
    case nil, .loseReply, .underway, .half: break
    }
    return shelf[target.id].map {
      ShelfRow(
        id: target.id, thing: $0,
        digest: $0.secret.isEmpty ? "" : context.digest(of: Sensitive($0.secret)))
    }
  }

  func apply(
    _ change: Change<ShelfItem>, _ journal: Tend.Journal<ShelfItem>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    let call = call(change)
    let fault = shelf.enter(call)
    defer { shelf.leave(call) }
    switch fault {
    case .fail(let error): throw error
    case .hang: try await context.sleep(for: .seconds(1_000_000))
    case .ignore: return .done
    case .half(let change):
      shelf.put(call.path, change)
      throw .transient("stopped half way")
    case .wait(let gate): await gate.pass()
    case .first(let body): await body()
    case nil, .loseReply, .underway: break
    }
    if let kept = carryOut(change) { return kept }
    if let place { try context.settle(place) { () throws(ProviderError) in try place.settle() } }
    if case .loseReply = fault { throw .transient("the reply was lost") }
    if case .underway(let time) = fault { return .underway(checkAfter: time, "it settles") }
    return .done
  }

  private func call(_ change: Change<ShelfItem>) -> Shelf.Call {
    switch change.action {
    case .create(let desired): .create(desired.id)
    case .update(let row, _): .update(row.id, change.differences.map(\.path))
    case .replace(let row, _): .replace(row.id)
    case .delete(let row): .delete(row.id)
    }
  }

  private func carryOut(_ change: Change<ShelfItem>) -> Outcome? {
    switch change.action {
    case .create(let desired): write(desired, isNew: true) { _ in true }
    case .update(_, let desired): write(desired, isNew: false, change.touches)
    case .replace(_, let desired): write(desired, isNew: true) { _ in true }
    case .delete(let row):
      if row.thing.kind == "Box", shelf.paths.contains(where: { $0.hasPrefix(row.id + "/") }) {
        return .kept("it is not empty")
      }
      shelf.remove(row.id)
    }
    return nil
  }

  private func write(_ desired: ShelfItem, isNew: Bool, _ touches: (String) -> Bool) {
    shelf.write(desired.id, isNew: isNew) { thing in
      thing.kind = desired.kind
      if touches("content"), let content = desired.spec.content { thing.content = content }
      if touches("mode"), let mode = desired.spec.mode { thing.mode = mode }
      if touches("color"), let color = desired.spec.color { thing.color = color }
      if touches("secret"), let secret = desired.spec.secret { thing.secret = secret.reveal() }
    }
  }

  // MARK: Drift

  func watch(_ drift: Drift<String>) async throws(ProviderError) {
    await self.drift?.hold(drift)
  }

  func forget(_ id: String) { drift?.forget(id) }
}
