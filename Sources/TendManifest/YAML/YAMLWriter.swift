import CYAML
public import Tend

/// Writes values as YAML that reads back as the same values, here and in other tools.
///
/// Text that would read as something else is quoted, also where only YAML 1.1 reads it so: `no`,
/// `0755`, `12:30`. Text of several lines becomes a literal block where that keeps every byte. A
/// number that is infinite or not a number becomes null, as in JSON.
public enum YAMLWriter {
  /// One document, with a newline at its end.
  public static func write(_ value: Value) -> String { write([value]) }

  /// Documents, each after the first begun by `---`.
  public static func write(_ values: [Value]) -> String {
    var emitter = Emitter(isASCII: values.contains(where: needsEscapes))
    for (index, value) in values.enumerated() { emitter.document(value, isFirst: index == 0) }
    return emitter.finish()
  }

  /// Whether a value holds characters that the parser accepts only as escapes.
  private static func needsEscapes(_ value: Value) -> Bool {
    switch value {
    case .string(let text): needsEscapes(text)
    case .list(let values): values.contains(where: needsEscapes)
    case .map(let fields):
      fields.entries.contains { needsEscapes($0.key) || needsEscapes($0.value) }
    default: false
    }
  }

  private static func needsEscapes(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { TextCheck.firstUnwanted($0) != nil }
  }
}

/// libyaml's emitter, filling a buffer.
private struct Emitter: ~Copyable {
  private final class Output {
    var bytes: [UInt8] = []
  }

  private let emitter: UnsafeMutablePointer<yaml_emitter_t>
  private let output = Output()

  init(isASCII: Bool) {
    emitter = .allocate(capacity: 1)
    emitter.initialize(to: yaml_emitter_t())
    yaml_emitter_initialize(emitter)
    yaml_emitter_set_unicode(emitter, isASCII ? 0 : 1)
    yaml_emitter_set_width(emitter, -1)
    let output = Unmanaged.passUnretained(output).toOpaque()
    yaml_emitter_set_output(
      emitter,
      { output, bytes, count in
        guard let output else { return 0 }
        Unmanaged<Output>.fromOpaque(output).takeUnretainedValue().bytes
          .append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
        return 1
      }, output)
    emit { yaml_stream_start_event_initialize($0, YAML_UTF8_ENCODING) }
  }

  deinit {
    yaml_emitter_delete(emitter)
    emitter.deallocate()
  }

  mutating func document(_ value: Value, isFirst: Bool) {
    emit { yaml_document_start_event_initialize($0, nil, nil, nil, isFirst ? 1 : 0) }
    write(value)
    emit { yaml_document_end_event_initialize($0, 1) }
  }

  mutating func finish() -> String {
    emit { yaml_stream_end_event_initialize($0) }
    yaml_emitter_flush(emitter)
    return String(decoding: output.bytes, as: UTF8.self)
  }

  /// The emitter takes the event over, and frees it.
  private func emit(_ make: (UnsafeMutablePointer<yaml_event_t>) -> Int32) {
    var event = yaml_event_t()
    if make(&event) == 1 { yaml_emitter_emit(emitter, &event) }
  }

  private func write(_ value: Value) {
    switch value {
    case .null: scalar("null", YAML_PLAIN_SCALAR_STYLE)
    case .boolean(let flag): scalar(flag ? "true" : "false", YAML_PLAIN_SCALAR_STYLE)
    case .integer(let number): scalar(String(number), YAML_PLAIN_SCALAR_STYLE)
    case .number(let number):
      scalar(number.isFinite ? "\(number)" : "null", YAML_PLAIN_SCALAR_STYLE)
    case .string(let text): scalar(text, ScalarStyle.of(text))
    case .list(let values):
      emit {
        yaml_sequence_start_event_initialize($0, nil, nil, 1, YAML_BLOCK_SEQUENCE_STYLE)
      }
      for value in values { write(value) }
      emit { yaml_sequence_end_event_initialize($0) }
    case .map(let fields):
      emit { yaml_mapping_start_event_initialize($0, nil, nil, 1, YAML_BLOCK_MAPPING_STYLE) }
      for entry in fields.entries {
        scalar(entry.key, ScalarStyle.ofKey(entry.key))
        write(entry.value)
      }
      emit { yaml_mapping_end_event_initialize($0) }
    }
  }

  private func scalar(_ text: String, _ style: yaml_scalar_style_t) {
    var text = text
    text.withUTF8 { bytes in
      emit {
        yaml_scalar_event_initialize(
          $0, nil, nil, bytes.baseAddress, Int32(clamping: bytes.count), 1, 1, style)
      }
    }
  }
}

/// How a text is written so that it reads back as itself.
private enum ScalarStyle {
  static func of(_ text: String) -> yaml_scalar_style_t {
    if text.utf8.contains(0x0A), isBlock(text) { return YAML_LITERAL_SCALAR_STYLE }
    return ofKey(text)
  }

  static func ofKey(_ text: String) -> yaml_scalar_style_t {
    var text = text
    let isTame = text.withUTF8 { bytes in
      !bytes.contains { $0 < 0x20 } && TextCheck.firstUnwanted(bytes) == nil
    }
    if !isTame { return YAML_DOUBLE_QUOTED_SCALAR_STYLE }
    // The emitter itself quotes what would break the syntax.
    return readsAsText(text) ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE
  }

  /// Whether a plain scalar stays text in YAML 1.2 and in 1.1, which most tools still read.
  private static func readsAsText(_ text: String) -> Bool {
    guard ScalarResolver.resolve(text) == .string, text != "<<", text != "=" else { return false }
    if ["y", "n", "yes", "no", "on", "off"].contains(text.lowercased()) { return false }
    guard let first = text.utf8.first(where: { $0 != 0x2B && $0 != 0x2D }) else { return false }
    // Octal, binary, sexagesimal and grouped numbers, and dates.
    let looksNumeric = (48...57).contains(first) || first == UInt8(ascii: ".")
    return !looksNumeric || !text.utf8.allSatisfy(isNumeric)
  }

  private static func isNumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: "+-.:_xobTZtz ".utf8.contains(byte)
    }
  }

  /// Whether a literal block keeps every byte.
  private static func isBlock(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      guard let first = bytes.first, first != 0x20, first != 0x0A, first != 0x09,
        TextCheck.firstUnwanted(bytes) == nil
      else { return false }
      var previous: UInt8 = 0
      for byte in bytes {
        if byte == 0x0D || byte == 0x09 { return false }
        if byte == 0x0A, previous == 0x20 { return false }
        previous = byte
      }
      return previous != 0x20
    }
  }
}
