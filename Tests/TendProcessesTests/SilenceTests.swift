import CTendProcesses
import Tend
import TestSupport
import Testing

@testable import TendProcesses

@Suite("a holder that does not greet")
struct SilenceTests {
  @Test("whoever comes is told in time, also when no more may wait, and starts no other holder")
  func silent() throws {
    let temporary = try TemporaryFolder("silent")
    let folder = try Folder(at: temporary.path)
    // As one that has no descriptor left to take a conversation with.
    let listener = try Descriptor(tend_listen(folder.raw, Holder.socketName))
    let connection = HolderConnection(
      directory: temporary.path, usesCgroups: false, patience: .milliseconds(20))
    withExtendedLifetime(listener) {
      for _ in 0..<70 {
        let error = #expect(throws: ProviderError.self) {
          _ = try connection.ask(.report(id: "unit/web"))
        }
        #expect(error?.code == .transient)
        #expect(
          error?.message
            == "the holder of processes in \(temporary.path) has not answered for 20ms")
        #expect(error?.remedy?.contains("descriptor") == true)
      }
      #expect(throws: ProviderError.self) { try connection.require() }
    }
    #expect(!temporary.exists("holder.lock"))
  }
}
