internal import CJansson
internal import Tend

/// Reads JSON of a service (RFC 8259), by jansson.
enum JSONText {
  /// Why a text is not JSON that is accepted.
  struct Mistake: Error, CustomStringConvertible {
    let line: Int
    let column: Int
    /// Without what stands in the text, which may be a secret.
    let message: String
    var description: String { "line \(line), column \(column): \(message)" }
  }

  static func value(of bytes: [UInt8]) throws(Mistake) -> Value {
    try value(of: bytes[...])
  }

  static func value(of bytes: ArraySlice<UInt8>) throws(Mistake) -> Value {
    var error = json_error_t()
    let root = bytes.withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        json_loadb($0.baseAddress, $0.count, Int(JSON_DECODE_ANY), &error)
      }
    }
    guard let root else {
      throw Mistake(
        line: Int(error.line), column: Int(error.column), message: message(of: error))
    }
    defer { json_decref(root) }
    return value(root)
  }

  private static func message(of error: json_error_t) -> String {
    let text = withUnsafeBytes(of: error.text) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard let quote = text.firstRange(of: " near '") else { return text }
    return String(text[..<quote.lowerBound])
  }

  /// jansson reads at most 2048 levels, so that this ends.
  private static func value(_ json: UnsafeMutablePointer<json_t>) -> Value {
    switch json.pointee.type {
    case JSON_TRUE: .boolean(true)
    case JSON_FALSE: .boolean(false)
    case JSON_INTEGER: .integer(Int64(json_integer_value(json)))
    case JSON_REAL: .number(json_real_value(json))
    case JSON_STRING: .string(string(json))
    case JSON_ARRAY: .list(elements(json))
    case JSON_OBJECT: .map(fields(json))
    default: .null
    }
  }

  /// Each element is given back once it is taken over, so that a long list is not there twice.
  private static func elements(_ json: UnsafeMutablePointer<json_t>) -> [Value] {
    (0..<json_array_size(json)).compactMap { index in
      let element = json_array_get(json, index).map(value)
      json_array_set_new(json, index, json_null())
      return element
    }
  }

  private static func string(_ json: UnsafeMutablePointer<json_t>) -> String {
    guard let start = json_string_value(json) else { return "" }
    let count = json_string_length(json)
    return start.withMemoryRebound(to: UInt8.self, capacity: count) {
      String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
    }
  }

  private static func fields(_ json: UnsafeMutablePointer<json_t>) -> Value.Fields {
    var entries: [Value.Fields.Entry] = []
    entries.reserveCapacity(json_object_size(json))
    var iterator = json_object_iter(json)
    while let position = iterator {
      if let key = json_object_iter_key(position), let child = json_object_iter_value(position) {
        entries.append(.init(key: String(cString: key), value: value(child)))
      }
      iterator = json_object_iter_next(json, position)
    }
    return .init(entries)
  }
}
