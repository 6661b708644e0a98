private import Glibc
public import Logging
import Tend

/// Writes each log record as one line for people: time, level, message, and what belongs to it.
///
/// `2026-11-23T07:12:53.042Z info    revision accepted  revision=4f2a9c0 unit=web`
public struct LineLog: LogHandler {
  /// The least that is written.
  public var logLevel: Logger.Level
  /// What is written with every record.
  public var metadata: Logger.Metadata = [:]
  /// Gives more of it when a record is written.
  public var metadataProvider: Logger.MetadataProvider?

  private let write: @Sendable (String) -> Void

  /// Writes to standard error.
  public init(level: Logger.Level = .info) {
    self.init(level: level) { line in
      let bytes = Array(line.utf8)
      _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
  }

  init(level: Logger.Level, write: @escaping @Sendable (String) -> Void) {
    logLevel = level
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
    write(Self.line(.wallClock, event.level, "\(event.message)", all))
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
