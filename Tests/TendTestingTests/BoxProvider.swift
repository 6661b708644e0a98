import Synchronization
import Tend

/// A box as it is.
struct BoxRow: Resource {
  struct Memory: Codable, Equatable, Sendable {
    var number: Int?
    var extra: String?
    var looks: Int?
  }

  var box: Depot.Box
  var memory: Memory
  var id: String { box.label }
}

/// A box as declared.
struct BoxSpec: DesiredState {
  var label: String
  var color: String
  var weight: Int
  var lock: Sensitive<String>
  var size: String?
  let mistake: Mistake?

  var id: String { label }
  var parts: [String] { ["lid of \(label)", "base of \(label)"] }

  func differences(from current: BoxRow?) -> [Difference] {
    compare { comparison in
      comparison.field("color", current?.box.color, color)
      comparison.field("weight", current?.box.weight, weight)
      comparison.field(
        "size", current?.box.size, size, immutable: mistake != .immutableIsIgnored)
      if mistake == .secretInDifference {
        comparison.field("lock", current?.box.lock, lock.reveal())
      } else {
        comparison.secret("lock", isCurrent: current.map { $0.box.lock == lock.reveal() })
      }
      if mistake != .partsAreNotCompared {
        comparison.field("parts", current.map { $0.box.parts.joined() }, parts.joined())
      }
    }
  }
}

/// Keeps boxes in a depot, and makes one mistake or none.
struct BoxProvider: Listing {
  /// What a mistaken provider remembers between calls.
  final class Scratch: Sendable {
    let boxes = Mutex<[Depot.Box]?>(nil)
    let current = Mutex<BoxSpec?>(nil)
    let seen = Mutex<[Depot.Box]>([])
  }

  let client: DepotClient
  let mistake: Mistake?
  let scratch = Scratch()

  private struct Spec: Decodable {
    var label: String
    var color: String
    var weight: Int?
    var lock: Sensitive<String>
    var size: String?
  }

  private struct StrictSpec: Decodable { var weight: Int }
  private struct SmallSpec: Decodable { var weight: Int8? }

  var kinds: [Kind<BoxSpec>] {
    [
      Kind("depot/v1 Box", Self.schema) { (declaration: Declaration) throws(Diagnostics) in
        if mistake == .optionalIsRequired { _ = try declaration.decode(StrictSpec.self) }
        if mistake == .numberIsSmall { _ = try declaration.decode(SmallSpec.self) }
        let spec = try declaration.decode(Spec.self)
        return BoxSpec(
          label: spec.label, color: spec.color, weight: spec.weight ?? 1, lock: spec.lock,
          size: spec.size, mistake: mistake)
      }
    ]
  }

  private static let schema = Schema(
    "A box in the depot.",
    [
      .string("label", required: true, immutable: true, "What stands on it."),
      .string("color", required: true, "What it is painted with."),
      .integer("weight", in: 0...1000, default: 1, "How heavy it is, in kg."),
      .string("lock", required: true, sensitive: true, "What opens it."),
      .choice("size", ["small", "large"], immutable: true, "How large it is."),
    ])

  // MARK: Observing

  func observe(
    _ target: Target<BoxSpec>, _ context: Context
  ) async throws(ProviderError) -> BoxRow? {
    if mistake == .failureIsAbsence {
      do throws(ProviderError) { return try await find(target) } catch { return nil }
    }
    let row = try await find(target)
    if mistake == .slownessIsFatal, context.remaining < .seconds(10) {
      throw .permanent("it takes too long")
    }
    if mistake == .goingBackIsFatal, let row { try refuseGoingBack(row.box) }
    return row
  }

  /// What was seen some time ago, and was not asked for since, is taken for damage.
  private func refuseGoingBack(_ box: Depot.Box) throws(ProviderError) {
    let isBack = scratch.seen.withLock { seen in
      if seen.last(where: { $0.number == box.number }) == box { return false }
      defer { seen.append(box) }
      return seen.contains(box)
    }
    if isBack { throw .permanent("box \(box.number) is what it was before") }
  }

  private func find(_ target: Target<BoxSpec>) async throws(ProviderError) -> BoxRow? {
    if let number = target.memory?.number {
      let box = try await calling("look at box \(number)") { try await client.get(number) }
      if let box, box.label == target.id { return try await row(box, target) }
      if mistake == .deadMemoryIsFatal { throw .permanent("box \(number) is gone") }
    }
    if mistake == .identityOnlyInMemory { return nil }
    if mistake == .intentIsNotLookedFor, target.memory != nil { return nil }
    let box = try await boxes().first { $0.label == target.id }
    if let box { return try await row(box, target) }
    if mistake == .observationCreates, let desired = target.desired {
      _ = try await calling("make it") { try await client.post(made(desired)) }
    }
    return nil
  }

  func boxes() async throws(ProviderError) -> [Depot.Box] {
    if mistake == .listIsCached, let known = scratch.boxes.withLock({ $0 }) { return known }
    let boxes = try await calling("list boxes") { try await client.list() }
    scratch.boxes.withLock { $0 = boxes }
    return boxes
  }

  private func row(
    _ box: Depot.Box, _ target: Target<BoxSpec>
  ) async throws(ProviderError) -> BoxRow {
    var memory = BoxRow.Memory(number: box.number)
    switch mistake {
    case .looksAreCounted:
      try await calling("count the look") { try await client.patch(box.number) { $0.looks += 1 } }
    case .secretInMemory: memory.extra = box.lock
    case .memoryIsLarge: memory.extra = String(repeating: "x", count: 5000)
    case .memoryCounts: memory.looks = (target.memory?.looks ?? 0) + 1
    default: break
    }
    return BoxRow(box: box, memory: memory)
  }

  // MARK: Listing

  func group(of target: Target<BoxSpec>) -> String? { "boxes" }

  func observe(
    all targets: [Target<BoxSpec>], _ context: Context
  ) async throws(ProviderError) -> [String: BoxRow] {
    var boxes = try await calling("list boxes") { try await client.list() }
    if mistake == .listEndsAfterFirst { boxes = Array(boxes.prefix(1)) }
    var rows: [String: BoxRow] = [:]
    for target in targets {
      guard let box = boxes.first(where: { $0.label == target.id }) else { continue }
      rows[target.id] = BoxRow(box: box, memory: BoxRow.Memory(number: box.number))
    }
    return rows
  }

  // MARK: Errors

  /// Tells the engine what a failure of the client means.
  func calling<Answer: Sendable>(
    _ what: String, _ body: () async throws -> Answer
  ) async throws(ProviderError) -> Answer {
    if mistake == .cancellationIsPermanent, Task.isCancelled { throw .permanent("interrupted") }
    let code: ProviderError.Code = mistake == .failureIsPermanent ? .permanent : .transient
    do {
      return try await body()
    } catch DepotError.noSuchBox(let number) {
      throw .conflict("\(what): there is no box \(number)")
    } catch {
      throw ProviderError(code, mistake == .errorIsEmpty ? "" : "can't \(what)", cause: error)
    }
  }

  func made(_ desired: BoxSpec) -> Depot.Box {
    Depot.Box(
      number: 0, label: desired.label, color: paint(desired), weight: desired.weight,
      lock: desired.lock.reveal(), size: desired.size ?? "small")
  }

  func paint(_ desired: BoxSpec) -> String {
    mistake == .caseOfColorDiffers ? desired.color.uppercased() : desired.color
  }
}
