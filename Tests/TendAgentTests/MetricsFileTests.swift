import Foundation
import Logging
import TestSupport
import Testing

@testable import TendAgent

@Suite("The file of metrics")
struct MetricsFileTests {
  @Test("it is whole whenever it is read, readable by all, and removed at the end")
  func file() async throws {
    let folder = try TemporaryFolder("metrics")
    let path = folder.path("tend.prom")
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let file = MetricsFile(at: path, clock: ContinuousClock(), logger: logger) { "tend_a 1\n" }
    try folder.write("old", to: "tend.prom")
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await file.run() }
      while try String(contentsOfFile: path, encoding: .utf8) == "old" { await Task.yield() }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "tend_a 1\n")
      #expect(mode(of: path) == 0o644)
      group.cancelAll()
    }
    #expect(!folder.exists("tend.prom"))
    #expect(!folder.exists("tend.prom.new"))
  }

  @Test("where it can't be written the file is named, and nothing is left beside it")
  func unwritable() throws {
    let folder = try TemporaryFolder("metrics")
    try folder.makeFolder("tend.prom")
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let path = folder.path("tend.prom")
    let file = MetricsFile(at: path, clock: ContinuousClock(), logger: logger) { "" }
    let failure = #expect(throws: Failure.self) { try file.write("x") }
    #expect(failure?.message.hasPrefix("\(path) can't be written: ") == true)
    #expect(!folder.exists("tend.prom.new"))
  }
}
