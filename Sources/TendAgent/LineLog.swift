private import Glibc
public import Logging
import Tend

/// Writes each log record as one line: for people, or as JSON.
///
/// `2026-11-23T07:12:53.042Z info    revision accepted  revision=4f2a9c0 unit=web`
///
/// `{"time":"2026-11-23T07:12:53.042Z","level":"info","message":"revision accepted",…}`
///
/// Where standard error leads to the systemd journal, a line begins with its priority as
/// sd-daemon(3) has it, which the journal takes away.
public struct LineLog: LogHandler {
  /// How a record is written.
  public enum Format: String, Sendable, CaseIterable {
    /// Time, level, message, and what belongs to it in order.
    case text
    /// An object, in which metadata stands beside time, level and message.
    case json
  }

  /// The least that is written.
  public var logLevel: Logger.Level
  /// What is written with every record.
  public var metadata: Logger.Metadata = [:]
  /// Gives more of it when a record is written.
  public var metadataProvider: Logger.MetadataProvider?

  private let format: Format
  private let namesPriority: Bool
  private let write: @Sendable (String) -> Void

  /// Writes to standard error.
  public init(level: Logger.Level = .info, format: Format = .text) {
    let namesPriority = Journal.takesStandardError()
    self.init(level: level, format: format, namesPriority: namesPriority) { line in
      let bytes = Array(line.utf8)
      _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
  }

  init(
    level: Logger.Level, format: Format = .text, namesPriority: Bool = false,
    write: @escaping @Sendable (String) -> Void
  ) {
    logLevel = level
    self.format = format
    self.namesPriority = namesPriority
    self.write = write
  }

  /// One value of the metadata of every record.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes a record.
  public func log(event: LogEvent) {
    var all = metadata
    all.merge(metadataProvider?.get() ?? [:]) { _, new in new }
    all.merge(event.metadata ?? [:]) { _, new in new }
    if let error = event.error { all["error"] = "\(error)" }
    let line =
      switch format {
      case .text: Self.line(.wallClock, event.level, "\(event.message)", all)
      case .json: Self.object(.wallClock, event.level, "\(event.message)", all)
      }
    write((namesPriority ? "<\(Journal.priority(of: event.level))>" : "") + line)
  }

  static func line(
    _ time: Timestamp, _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata
  ) -> String {
    let name = level.rawValue
    var line = "\(time) \(name)" + String(repeating: " ", count: max(1, 9 - name.utf8.count))
    line += escaped(message)
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      line += "  \(key)=\(quoted("\(value)"))"
    }
    return line + "\n"
  }

  /// What metadata may not replace stands first.
  static func object(
    _ time: Timestamp, _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata
  ) -> String {
    var fields: Value.Fields = [
      "time": .string("\(time)"), "level": .string(level.rawValue), "message": .string(message),
    ]
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      fields[fields[key] == nil ? key : key + "_"] = plain(value)
    }
    return Value.map(fields).json + "\n"
  }

  private static func plain(_ value: Logger.Metadata.Value) -> Value {
    switch value {
    case .string(let text): .string(text)
    case .stringConvertible(let value): .string("\(value)")
    case .array(let values): .list(values.map(plain))
    case .dictionary(let values):
      .map(
        Value.Fields(
          values.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: plain($0.value)) }))
    }
  }

  private static func quoted(_ value: String) -> String {
    value.contains(where: { $0.isWhitespace || $0 == "\"" }) || value.isEmpty
      ? Value.string(value).json : escaped(value)
  }

  /// A record stays one line, and steers no terminal.
  private static func escaped(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
      return text
    }
    return String(Value.string(text).json.dropFirst().dropLast())
  }
}

/// The systemd journal, as far as a line on standard error has to do with it.
enum Journal {
  /// Whether standard error is the stream that `JOURNAL_STREAM` names: see systemd.exec(5).
  static func takesStandardError(
    environment: (String) -> String? = StateDirectory.variable, descriptor: Int32 = STDERR_FILENO
  ) -> Bool {
    var status = stat()
    guard let stream = environment("JOURNAL_STREAM"), fstat(descriptor, &status) == 0 else {
      return false
    }
    return stream == "\(status.st_dev):\(status.st_ino)"
  }

  /// The priority of a level, by syslog(3).
  static func priority(of level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }
}
