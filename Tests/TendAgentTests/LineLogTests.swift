import Logging
import Synchronization
import Tend
import Testing

@testable import TendAgent

@Suite("Log lines")
struct LineLogTests {
  @Test("a record is one line: time, level, message, and what belongs to it in order")
  func line() {
    let line = LineLog.line(
      noon, .info, "revision accepted", ["unit": "web", "message": "two words", "empty": ""])
    #expect(
      line == "2025-11-24T16:00:00.000Z info     revision accepted"
        + "  empty=\"\"  message=\"two words\"  unit=web\n")
  }

  @Test("what would break the line or steer a terminal is written out")
  func hostile() {
    let line = LineLog.line(noon, .error, "a\nb", ["k": "\u{1b}[31m", "l": "x\ny"])
    #expect(line.dropLast().allSatisfy { !$0.isNewline })
    #expect(!line.contains("\u{1b}"))
  }

  @Test("a level below the least is not written, metadata of the logger is")
  func levels() {
    let sink = LineSink()
    var logger = Logger(label: "test") { _ in LineLog(level: .warning, write: sink.write) }
    logger[metadataKey: "unit"] = "web"
    logger.info("not this")
    logger.warning("this", metadata: ["more": "1"])
    #expect(sink.all.count == 1)
    #expect(sink.all.first?.hasSuffix("warning  this  more=1  unit=web\n") == true)
  }
}

private final class LineSink: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  @Sendable func write(_ line: String) { lines.withLock { $0.append(line) } }
}
