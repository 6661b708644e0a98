import CYAML
import Tend

/// One document as a tree of values, and where it stands; lines and columns count from 0.
struct DocumentTree {
  let value: Value
  /// Where the first key or item stands.
  let line: Int
  let column: Int
  /// The line at which the document can be parsed by itself.
  let firstLine: Int
}

/// Builds values from events, within the limits.
///
/// One flat stack of slots holds the items of all open maps and lists, so that each container is
/// allocated once, at its end, with its exact size.
struct TreeBuilder {
  /// An item of an open list, or a field of an open map.
  struct Slot {
    var key: String
    var value: Value
    var line: Int32
    var column: Int32
    var role: Role

    enum Role: UInt8 {
      case ordinary
      /// The key is `<<`.
      case merge
      /// Its key was refused; the value is dropped.
      case refused
    }
  }

  struct Frame {
    let isMap: Bool
    let isKey: Bool
    /// Its first slot.
    let first: Int
    let line: Int32
    let column: Int32
    let anchor: String?
    /// The builder's weight when it began.
    let weight: Int
    var expectsKey: Bool
    var hasMerge = false
    /// The levels below it.
    var height = 0
  }

  struct Anchor {
    /// Nil while its value is still open.
    var value: Value?
    var weight = 0
    var height = 0
  }

  /// Reading can't go on.
  struct Stop: Error {
    let diagnostic: Diagnostic
  }

  let text: SourceText
  let limits: ManifestLimits
  var diagnostics: DiagnosticList
  private(set) var documents: [DocumentTree] = []

  var slots: [Slot] = []
  var frames: [Frame] = []
  var anchors: [String: Anchor] = [:]
  var keys = KeyTable()
  /// Bytes of all values so far, at 16 for each.
  var weight = 0
  var aliasWeight = 0
  private var values = 0
  private var root: (value: Value, line: Int32, column: Int32)?
  private var firstLine = 0

  init(_ text: SourceText, limits: ManifestLimits) {
    self.text = text
    self.limits = limits
    diagnostics = DiagnosticList(limit: limits.fileDiagnostics, file: text.file)
  }

  /// Reads the whole text; what can't be read is left out and reported.
  mutating func read() {
    text.bytes.withUnsafeBufferPointer { bytes in
      var events = EventReader(bytes)
      do throws(Stop) {
        while try step(&events) {}
      } catch {
        diagnostics.append(error.diagnostic)
      }
    }
  }

  private mutating func step(_ events: inout EventReader) throws(Stop) -> Bool {
    guard events.next() else { throw Stop(diagnostic: events.problem.diagnostic(in: text)) }
    switch events.event.pointee.type {
    case YAML_SCALAR_EVENT: try scalar(events)
    case YAML_ALIAS_EVENT: try alias(events)
    case YAML_MAPPING_START_EVENT: try begin(events, isMap: true)
    case YAML_SEQUENCE_START_EVENT: try begin(events, isMap: false)
    case YAML_MAPPING_END_EVENT, YAML_SEQUENCE_END_EVENT: try end()
    case YAML_DOCUMENT_START_EVENT: firstLine = Int(events.line)
    case YAML_DOCUMENT_END_EVENT: try endDocument()
    case YAML_STREAM_END_EVENT: return false
    default: break
    }
    return true
  }

  private mutating func endDocument() throws(Stop) {
    anchors.removeAll(keepingCapacity: true)
    guard let root else { return }
    self.root = nil
    guard documents.count < limits.fileDocuments else {
      throw stop(
        "the file has more documents than the limit fileDocuments, \(limits.fileDocuments)",
        Int32(truncatingIfNeeded: firstLine), 0, remedy: "split it")
    }
    documents.append(
      DocumentTree(
        value: root.value, line: Int(root.line), column: Int(root.column), firstLine: firstLine))
  }

  private mutating func scalar(_ events: borrowing EventReader) throws(Stop) {
    let bytes = events.scalar
    weight &+= 16 &+ bytes.count
    if bytes.count > limits.scalarBytes {
      throw stop(
        "a text has \(bytes.count) bytes; the limit scalarBytes is \(limits.scalarBytes)",
        events.line, events.column, remedy: "put it into a file of its own")
    }
    if expectsKey { return key(events, bytes) }
    // A document without content is no document.
    if frames.isEmpty, bytes.isEmpty, events.event.pointee.data.scalar.plain_implicit == 1,
      events.event.pointee.data.scalar.style == YAML_PLAIN_SCALAR_STYLE
    {
      return
    }
    let value = self.value(events, bytes)
    if let anchor = events.anchor {
      anchors[anchor] = Anchor(value: value, weight: 16 + bytes.count)
    }
    try complete(value, events.line, events.column)
  }

  private mutating func begin(
    _ events: borrowing EventReader, isMap: Bool
  ) throws(Stop) {
    guard frames.count < limits.depth else { throw tooDeep(events.line, events.column) }
    let isKey = expectsKey
    if isKey { refuseKey(events.line, events.column, "is a map or a list") }
    checkTag(events, of: isMap)
    let anchor = events.anchor
    if let anchor { anchors[anchor] = Anchor() }
    frames.append(
      Frame(
        isMap: isMap, isKey: isKey, first: slots.count, line: events.line, column: events.column,
        anchor: anchor, weight: weight, expectsKey: isMap))
    weight &+= 16
  }

  private mutating func end() throws(Stop) {
    guard let frame = frames.popLast() else { return }
    let value: Value = frame.isMap ? .map(fields(of: frame)) : .list(items(of: frame))
    slots.removeLast(slots.count - frame.first)
    if let anchor = frame.anchor {
      anchors[anchor] = Anchor(
        value: value, weight: weight - frame.weight, height: frame.height + 1)
    }
    if let above = frames.indices.last {
      frames[above].height = max(frames[above].height, frame.height + 1)
    }
    if frame.isKey {
      refused(frame.line, frame.column)
    } else {
      try complete(value, frame.line, frame.column)
    }
  }

  private func items(of frame: Frame) -> [Value] {
    let items = slots[frame.first...]
    return [Value](unsafeUninitializedCapacity: items.count) { buffer, count in
      for slot in items {
        (buffer.baseAddress.map { $0 + count })?.initialize(to: slot.value)
        count += 1
      }
    }
  }

  private mutating func alias(_ events: borrowing EventReader) throws(Stop) {
    let name = events.anchor ?? ""
    if expectsKey {
      refuseKey(events.line, events.column, "is an alias")
      return refused(events.line, events.column)
    }
    guard let anchor = anchors[name] else {
      report(
        .invalidValue, events.line, events.column, "the alias *\(name) has no anchor before it",
        remedy: "write &\(name) before the value that is meant")
      return try completeNothing(events.line, events.column)
    }
    guard let value = anchor.value else {
      report(
        .invalidValue, events.line, events.column, "the alias *\(name) stands inside its own value",
        remedy: "write the value out")
      return try completeNothing(events.line, events.column)
    }
    aliasWeight &+= anchor.weight
    weight &+= anchor.weight
    if aliasWeight > limits.aliasBytes {
      throw stop(
        "aliases make the file grow by more than the limit aliasBytes, \(limits.aliasBytes)",
        events.line, events.column, remedy: "write values out, or use fewer aliases")
    }
    if frames.count + anchor.height > limits.depth { throw tooDeep(events.line, events.column) }
    if let above = frames.indices.last {
      frames[above].height = max(frames[above].height, anchor.height)
    }
    try complete(value, events.line, events.column)
  }

  /// Puts a value where it belongs.
  private mutating func complete(_ value: Value, _ line: Int32, _ column: Int32) throws(Stop) {
    values &+= 1
    if values > limits.fileValues {
      throw stop(
        "the file has more values than the limit fileValues, \(limits.fileValues)", line, column,
        remedy: "split it")
    }
    guard let last = frames.indices.last else {
      root = (value, line, column)
      return
    }
    if frames[last].isMap {
      if let field = slots.indices.last { slots[field].value = value }
      frames[last].expectsKey = true
    } else {
      slots.append(Slot(key: "", value: value, line: line, column: column, role: .ordinary))
    }
  }

  /// Stands in for a refused alias, so that nothing more is said about it.
  private mutating func completeNothing(_ line: Int32, _ column: Int32) throws(Stop) {
    let isMerge = frames.last?.hasMerge == true && slots.last?.role == .merge
    try complete(isMerge ? .map(.init()) : .null, line, column)
  }

  /// Whether the next event is a key; without copying the frame.
  private var expectsKey: Bool { frames.indices.last.map { frames[$0].expectsKey } ?? false }

  private func tooDeep(_ line: Int32, _ column: Int32) -> Stop {
    stop(
      "maps and lists are nested deeper than the limit depth, \(limits.depth)", line, column,
      remedy: "flatten them")
  }

  private func stop(
    _ message: String, _ line: Int32, _ column: Int32, remedy: String
  ) -> Stop {
    Stop(
      diagnostic: Diagnostic(
        .limit, at: text.place(Int(line), Int(column)), message, remedy: remedy))
  }

  mutating func report(
    _ code: Diagnostic.Code, _ line: Int32, _ column: Int32, _ message: String, remedy: String,
    related: [Place] = []
  ) {
    diagnostics.append(
      Diagnostic(
        code, at: text.place(Int(line), Int(column)), message, remedy: remedy, related: related))
  }
}
