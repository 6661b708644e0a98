import Foundation
import Testing

@testable import TendFiles

@Suite("directories that could not be made durable")
struct OwedSyncsTests {
  private static let one = WatchTable.Identity(device: 1, inode: 2)
  private static let other = WatchTable.Identity(device: 1, inode: 3)
  private static let failure = SystemError(code: EIO)

  @Test("what has failed is made up for once, by whoever looks there next, and nowhere else")
  func makingUp() throws {
    let owed = OwedSyncs()
    var steps = 0
    func look(_ directory: WatchTable.Identity, fails: Bool = false) throws(SystemError) {
      try owed.makeUp(for: directory) { () throws(SystemError) in
        steps += 1
        if fails { throw Self.failure }
      }
    }
    try look(Self.one)
    #expect(throws: Self.failure) {
      try owed.run(Self.one) { () throws(SystemError) in throw Self.failure }
    }
    try look(Self.other)
    #expect(steps == 0)
    #expect(throws: Self.failure) { try look(Self.one, fails: true) }
    #expect(steps == 1)
    try look(Self.one)
    try look(Self.one)
    #expect(steps == 2)
  }

  @Test("the next change that is made durable makes up for the last")
  func nextChange() throws {
    let owed = OwedSyncs()
    try? owed.run(Self.one) { () throws(SystemError) in throw Self.failure }
    try owed.run(Self.one) { () throws(SystemError) in }
    try owed.makeUp(for: Self.one) { () throws(SystemError) in Issue.record("it is durable") }
  }
}
