import CYAML
import Tend

extension TreeBuilder {
  /// What a scalar stands for; reported, and null, where it stands for nothing that can be.
  mutating func value(
    _ events: borrowing EventReader, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> Value {
    let data = events.event.pointee.data.scalar
    if data.tag != nil, let tag = events.tag { return tagged(tag, events, bytes) }
    if data.style != YAML_PLAIN_SCALAR_STYLE { return string(events, bytes) }
    switch ScalarResolver.resolve(bytes) {
    case .string: return string(events, bytes)
    case .value(let value): return value
    case .tooLarge:
      report(
        .invalidValue, events.line, events.column, "the number does not fit 64 bits",
        remedy: "put it in quotes if it is meant as text")
    case .notFinite:
      report(
        .invalidValue, events.line, events.column, "infinity and not-a-number are no values here",
        remedy: "put it in quotes if it is meant as text")
    }
    return .null
  }

  private mutating func string(
    _ events: borrowing EventReader, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> Value {
    // Only an escape can write it; NUL itself is refused before parsing.
    if events.event.pointee.data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE, bytes.contains(0)
    {
      report(
        .invalidValue, events.line, events.column, "the text contains NUL",
        remedy: "write it in base64 where the kind takes that")
      return .null
    }
    return .string(String(decoding: bytes, as: UTF8.self))
  }

  /// The value of a scalar with a tag of the core schema; others are refused.
  private mutating func tagged(
    _ tag: String, _ events: borrowing EventReader, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> Value {
    guard let name = coreTag(tag) else {
      unknownTag(tag, events.line, events.column)
      return .null
    }
    if name == "str" { return string(events, bytes) }
    switch (name, ScalarResolver.resolve(bytes)) {
    case ("int", .value(.integer(let number))): return .integer(number)
    case ("float", .value(.number(let number))): return .number(number)
    case ("float", .value(.integer(let number))): return .number(Double(number))
    case ("bool", .value(.boolean(let flag))): return .boolean(flag)
    case ("null", .value(.null)): return .null
    default:
      report(
        .invalidValue, events.line, events.column, "the text does not fit its tag !!\(name)",
        remedy: "remove the tag, or write a value that fits it")
      return .null
    }
  }

  /// Reports a tag that a map or a list can't have.
  mutating func checkTag(_ events: borrowing EventReader, of isMap: Bool) {
    guard let tag = events.tag else { return }
    if coreTag(tag) != (isMap ? "map" : "seq"), tag != "!" {
      unknownTag(tag, events.line, events.column)
    }
  }

  /// The name of a core tag; `!` by itself means text.
  private func coreTag(_ tag: String) -> String? {
    if tag == "!" { return "str" }
    let prefix = "tag:yaml.org,2002:"
    guard tag.hasPrefix(prefix) else { return nil }
    let name = String(tag.dropFirst(prefix.count))
    return ["str", "int", "float", "bool", "null", "map", "seq"].contains(name) ? name : nil
  }

  private mutating func unknownTag(_ tag: String, _ line: Int32, _ column: Int32) {
    report(
      .invalidValue, line, column, "the tag \(tag.prefix(64)) is not known here",
      remedy: "remove it; known are !!str, !!int, !!float, !!bool, !!null, !!map and !!seq")
  }
}
