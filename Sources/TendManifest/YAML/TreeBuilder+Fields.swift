import CYAML
import Tend

extension TreeBuilder {
  /// Begins a field.
  mutating func key(_ events: borrowing EventReader, _ bytes: UnsafeBufferPointer<UInt8>) {
    let data = events.event.pointee.data.scalar
    var role = Slot.Role.ordinary
    if data.tag == nil, data.style == YAML_PLAIN_SCALAR_STYLE {
      if bytes.count == 2, bytes[0] == UInt8(ascii: "<"), bytes[1] == UInt8(ascii: "<") {
        role = .merge
      } else if ScalarResolver.resolve(bytes) != .string {
        refuseKey(events.line, events.column, "is not text")
      }
    } else if data.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE, bytes.contains(0) {
      refuseKey(events.line, events.column, "contains NUL")
    }
    let key = keys.string(bytes)
    if let anchor = events.anchor {
      anchors[anchor] = Anchor(value: .string(key), weight: 16 + bytes.count)
    }
    append(Slot(key: key, value: .null, line: events.line, column: events.column, role: role))
  }

  /// Begins a field whose key was refused.
  mutating func refused(_ line: Int32, _ column: Int32) {
    append(Slot(key: "", value: .null, line: line, column: column, role: .refused))
  }

  private mutating func append(_ slot: Slot) {
    slots.append(slot)
    guard let last = frames.indices.last else { return }
    frames[last].expectsKey = false
    if slot.role == .merge { frames[last].hasMerge = true }
  }

  mutating func refuseKey(_ line: Int32, _ column: Int32, _ what: String) {
    report(
      .wrongType, line, column, "a key must be text, but this one \(what)",
      remedy: "put it in quotes")
  }

  /// The fields of a map that has ended.
  mutating func fields(of frame: Frame) -> Value.Fields {
    reportDuplicates(of: frame)
    let own = slots[frame.first...]
    if frame.hasMerge || own.contains(where: { $0.role == .refused }) {
      return mergedFields(of: frame)
    }
    return Value.Fields(
      [Value.Fields.Entry](unsafeUninitializedCapacity: own.count) { buffer, count in
        for slot in own {
          (buffer.baseAddress.map { $0 + count })?
            .initialize(to: Value.Fields.Entry(key: slot.key, value: slot.value))
          count += 1
        }
      })
  }

  private mutating func reportDuplicates(of frame: Frame) {
    let range = frame.first..<slots.count
    if range.count > 16 { return reportDuplicates(inLarge: range) }
    for index in range {
      for other in frame.first..<index where slots[index].key == slots[other].key {
        reportDuplicate(index, other)
        break
      }
    }
  }

  private mutating func reportDuplicates(inLarge range: Range<Int>) {
    var seen: [String: Int] = [:]
    seen.reserveCapacity(range.count)
    for index in range {
      if let other = seen[slots[index].key] {
        reportDuplicate(index, other)
      } else {
        seen[slots[index].key] = index
      }
    }
  }

  private mutating func reportDuplicate(_ index: Int, _ other: Int) {
    let (slot, first) = (slots[index], slots[other])
    guard slot.role != .refused, first.role != .refused else { return }
    let place = text.place(Int(first.line), Int(first.column))
    report(
      .duplicateKey, slot.line, slot.column,
      "the key \(slot.key) already stands at \(place.line):\(place.column)",
      remedy: "remove one of them", related: [place])
    slots[index].role = .refused
  }

  /// Own fields first; then those of `<<`, where an earlier map wins over a later one.
  private mutating func mergedFields(of frame: Frame) -> Value.Fields {
    var entries: [Value.Fields.Entry] = []
    var names: Set<String> = []
    for slot in slots[frame.first...] where slot.role == .ordinary {
      entries.append(.init(key: slot.key, value: slot.value))
      names.insert(slot.key)
    }
    for slot in slots[frame.first...] where slot.role == .merge {
      for fields in merged(slot) {
        for entry in fields.entries where names.insert(entry.key).inserted { entries.append(entry) }
      }
    }
    return Value.Fields(entries)
  }

  private mutating func merged(_ slot: Slot) -> [Value.Fields] {
    var maps: [Value.Fields] = []
    let sources: [Value] = if case .list(let list) = slot.value { list } else { [slot.value] }
    for source in sources {
      if case .map(let fields) = source {
        maps.append(fields)
      } else {
        report(
          .wrongType, slot.line, slot.column, "<< must be a map or a list of maps",
          remedy: "give it an alias of a map, such as *defaults")
        return []
      }
    }
    return maps
  }
}
