import CTendProcesses
import Foundation
import TestSupport
import Testing

@testable import TendProcesses

@Suite(
  "groups of holders that are gone", .serialized,
  .enabled(if: Cgroups().unified != nil, "no groups can be made here"))
struct GroundsTests {
  private let tree: String
  private let label = "\(Grounds.prefix)test-\(UUID().uuidString.prefix(8))"

  init() throws { tree = try #require(Cgroups().unified) }

  private var path: String { "\(tree)/\(label)" }

  /// As one that looks after other processes meanwhile.
  private func sweep() { Grounds("\(label)-other", in: Cgroups()).sweep() }

  @Test("what nobody holds is taken away")
  func vanished() throws {
    mkdir(path, 0o700)
    mkdir(path + "/unit@web#1", 0o700)
    sweep()
    #expect(access(path, F_OK) != 0)
  }

  @Test("what a holder holds stays, empty as it is, until that one has gone")
  func held() throws {
    let grounds = Grounds(label, in: Cgroups())
    try withExtendedLifetime(grounds) {
      _ = try grounds.top(in: tree).folder("unit@web#1", making: true)
      sweep()
      #expect(access(path + "/unit@web#1", F_OK) == 0)
      #expect(rmdir(path + "/unit@web#1") == 0)
      grounds.leave()
    }
  }

  @Test("a group in which something runs stays, for the next holder of its directory")
  func populated() throws {
    let group = try ["", "/unit@web#1"].map { name in
      mkdir(path + name, 0o700)
      return try Folder(at: path + name)
    }
    let nothing = try Folder(at: "/dev").open("null", OpenFlags.reading)
    let (process, _) = try Starter.start(
      Launch(
        command: ["/bin/sleep", "1000"], directory: "/", environment: [], account: nil,
        openFiles: 0, notifies: false, watchdog: 0, digest: ""),
      in: .init(input: nothing.raw, output: nothing.raw, cgroup: group[1].raw))
    sweep()
    #expect(access(path + "/unit@web#1", F_OK) == 0)
    kill(process, SIGKILL)
    waitpid(process, nil, 0)
    sweep()
    #expect(access(path, F_OK) != 0)
  }

  @Test("a holder takes its own away when it goes")
  func leaves() throws {
    let grounds = Grounds(label, in: Cgroups())
    _ = try grounds.top(in: tree)
    #expect(access(path, F_OK) == 0)
    grounds.leave()
    #expect(access(path, F_OK) != 0)
  }
}
