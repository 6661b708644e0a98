import Glibc
import Logging
import Synchronization
import Tend
import TestSupport
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

  @Test("as JSON a record is an object in which metadata replaces nothing")
  func json() throws {
    let line = LineLog.object(
      noon, .warning, "unit is stalled",
      ["unit": "web", "message": "a\nb", "list": ["x", "y"], "map": ["k": "v"]])
    #expect(line.hasSuffix("}\n"))
    #expect(line.filter(\.isNewline).count == 1)
    #expect(
      try Value(json: line) == [
        "time": "2025-11-24T16:00:00.000Z", "level": "warning", "message": "unit is stalled",
        "list": ["x", "y"], "map": ["k": "v"], "message_": "a\nb", "unit": "web",
      ])
  }

  @Test("in the journal a line begins with its priority", arguments: LineLog.Format.allCases)
  func priority(format: LineLog.Format) {
    let sink = LineSink()
    let logger = Logger(label: "test") { _ in
      LineLog(level: .trace, format: format, namesPriority: true, write: sink.write)
    }
    for level in Logger.Level.allCases { logger.log(level: level, "x") }
    #expect(
      sink.all.map { String($0.prefix(3)) } == ["<7>", "<7>", "<6>", "<5>", "<4>", "<3>", "<2>"])
  }

  @Test("the journal is known by the stream that it names, and by nothing else")
  func journal() throws {
    let folder = try TemporaryFolder("journal")
    try folder.write("", to: "stream")
    let descriptor = Descriptor(open(folder.path("stream"), O_RDONLY | O_CLOEXEC))
    var status = stat()
    try #require(fstat(descriptor.raw, &status) == 0)
    func takes(_ stream: String?) -> Bool {
      Journal.takesStandardError(environment: { _ in stream }, descriptor: descriptor.raw)
    }
    #expect(takes("\(status.st_dev):\(status.st_ino)"))
    #expect(!takes("\(status.st_dev):\(status.st_ino &+ 1)"))
    #expect(!takes(nil))
  }
}

private final class LineSink: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  @Sendable func write(_ line: String) { lines.withLock { $0.append(line) } }
}
