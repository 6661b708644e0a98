import CJansson
import Tend

/// Builds the one document of a JSON text (RFC 8259), by jansson.
struct JSONBuilder {
  let text: SourceText
  let limits: ManifestLimits
  var diagnostics: DiagnosticList
  private(set) var document: DocumentTree?

  init(_ text: SourceText, limits: ManifestLimits) {
    self.text = text
    self.limits = limits
    diagnostics = DiagnosticList(limit: limits.fileDiagnostics, file: text.file)
  }

  mutating func read() {
    let diagnostic = text.bytes.withUnsafeBufferPointer { excess(in: $0) }
    if let diagnostic { return diagnostics.append(diagnostic) }
    guard let first = text.bytes.firstIndex(where: { $0 > 0x20 }) else { return }
    var error = json_error_t()
    let flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY
    let root = text.bytes.withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        json_loadb($0.baseAddress, $0.count, Int(flags), &error)
      }
    }
    guard let root else { return report(error) }
    defer { json_decref(root) }
    let (line, column) = text.bytes.withUnsafeBufferPointer {
      TextCheck.position(of: first, in: $0)
    }
    document = DocumentTree(value: value(root), line: line, column: column, firstLine: 0)
  }

  private func excess(in bytes: UnsafeBufferPointer<UInt8>) -> Diagnostic? {
    guard let excess = JSONScanner.excess(in: bytes, limits: limits) else { return nil }
    let (line, column) = TextCheck.position(of: excess.offset, in: bytes)
    return Diagnostic(
      .limit, at: text.place(line, column), excess.message, remedy: "split or flatten it")
  }

  private mutating func report(_ error: json_error_t) {
    var error = error
    if json_error_code(&error) == json_error_duplicate_key {
      for duplicate in JSONScanner.duplicates(in: text.bytes) {
        let first = text.place(duplicate.first.line, duplicate.first.column)
        diagnostics.append(
          Diagnostic(
            .duplicateKey, at: text.place(duplicate.second.line, duplicate.second.column),
            "the key \(duplicate.key) already stands at \(first.line):\(first.column)",
            remedy: "remove one of them", related: [first]))
      }
    }
    guard diagnostics.all.isEmpty else { return }
    diagnostics.append(
      Diagnostic(
        .syntax,
        at: Place(
          file: text.file, line: max(1, Int(error.line)), column: max(1, Int(error.column))),
        "this is not JSON: \(message(of: error))",
        remedy: "check commas, quotes and brackets up to here"))
  }

  /// Without what jansson quotes of the text, which may be a secret.
  private func message(of error: json_error_t) -> String {
    let text = withUnsafeBytes(of: error.text) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    for (index, byte) in text.utf8.enumerated() where byte == UInt8(ascii: " ") {
      let rest = text.utf8.dropFirst(index)
      if rest.starts(with: " near '".utf8) { return String(text.prefix(index)) }
    }
    return text
  }

  private mutating func value(_ json: UnsafeMutablePointer<json_t>) -> Value {
    switch json.pointee.type {
    case JSON_TRUE: .boolean(true)
    case JSON_FALSE: .boolean(false)
    case JSON_INTEGER: .integer(Int64(json_integer_value(json)))
    case JSON_REAL: .number(json_real_value(json))
    case JSON_STRING: string(json)
    case JSON_ARRAY:
      .list((0..<json_array_size(json)).compactMap { json_array_get(json, $0).map { value($0) } })
    case JSON_OBJECT: .map(fields(json))
    default: .null
    }
  }

  private mutating func string(_ json: UnsafeMutablePointer<json_t>) -> Value {
    guard let start = json_string_value(json) else { return .null }
    let count = json_string_length(json)
    if count > limits.scalarBytes {
      diagnostics.append(
        Diagnostic(
          .limit, at: text.place(0, 0),
          "a text has \(count) bytes; the limit scalarBytes is \(limits.scalarBytes)",
          remedy: "put it into a file of its own"))
      return .null
    }
    return .string(
      start.withMemoryRebound(to: UInt8.self, capacity: count) {
        String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
      })
  }

  private mutating func fields(_ json: UnsafeMutablePointer<json_t>) -> Value.Fields {
    var entries: [Value.Fields.Entry] = []
    entries.reserveCapacity(json_object_size(json))
    var next = json_object_iter(json)
    while let field = next {
      if let key = json_object_iter_key(field), let item = json_object_iter_value(field) {
        entries.append(.init(key: String(cString: key), value: value(item)))
      }
      next = json_object_iter_next(json, field)
    }
    return Value.Fields(entries)
  }
}
