import CYAML

/// libyaml's events over one text, one at a time.
///
/// The bytes must outlive it.
struct EventReader: ~Copyable {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  /// The event that `next` has read.
  let event: UnsafeMutablePointer<yaml_event_t>

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    parser = .allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    event = .allocate(capacity: 1)
    event.initialize(to: yaml_event_t())
    yaml_parser_initialize(parser)
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
  }

  deinit {
    yaml_event_delete(event)
    yaml_parser_delete(parser)
    event.deallocate()
    parser.deallocate()
  }

  /// Reads the next event; false where the text is not YAML.
  @inline(__always)
  mutating func next() -> Bool {
    yaml_event_delete(event)
    return yaml_parser_parse(parser, event) == 1
  }

  /// What libyaml says after `next` was false.
  var problem: SyntaxProblem {
    let state = parser.pointee
    return SyntaxProblem(
      problem: state.problem.map { String(cString: $0) } ?? "",
      context: state.context.map { String(cString: $0) } ?? "",
      line: Int(state.problem_mark.line), column: Int(state.problem_mark.column),
      contextLine: Int(state.context_mark.line), contextColumn: Int(state.context_mark.column))
  }

  /// The bytes of the scalar that was just read.
  @inline(__always)
  var scalar: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(
      start: event.pointee.data.scalar.value, count: event.pointee.data.scalar.length)
  }

  @inline(__always)
  var line: Int32 { Int32(truncatingIfNeeded: event.pointee.start_mark.line) }

  @inline(__always)
  var column: Int32 { Int32(truncatingIfNeeded: event.pointee.start_mark.column) }

  /// The anchor of the value that was just begun.
  @inline(__always)
  var anchor: String? {
    let name =
      switch event.pointee.type {
      case YAML_SCALAR_EVENT: event.pointee.data.scalar.anchor
      case YAML_SEQUENCE_START_EVENT: event.pointee.data.sequence_start.anchor
      case YAML_MAPPING_START_EVENT: event.pointee.data.mapping_start.anchor
      case YAML_ALIAS_EVENT: event.pointee.data.alias.anchor
      default: UnsafeMutablePointer<yaml_char_t>?.none
      }
    return name.map(Self.text)
  }

  /// The tag of the value that was just begun.
  @inline(__always)
  var tag: String? {
    let name =
      switch event.pointee.type {
      case YAML_SCALAR_EVENT: event.pointee.data.scalar.tag
      case YAML_SEQUENCE_START_EVENT: event.pointee.data.sequence_start.tag
      case YAML_MAPPING_START_EVENT: event.pointee.data.mapping_start.tag
      default: UnsafeMutablePointer<yaml_char_t>?.none
      }
    return name.map(Self.text)
  }

  private static func text(_ name: UnsafeMutablePointer<yaml_char_t>) -> String {
    String(cString: UnsafePointer(name))
  }
}
