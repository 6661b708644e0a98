import Foundation
import Testing

@testable import TendFiles

@Suite("Who changes a file")
struct WitnessTests {
  @Test(
    "the unit is the innermost one that systemd made, whichever version of cgroups there is",
    arguments: [
      ("0::/system.slice/puppet.service\n", "puppet.service"),
      ("5:pids:/x\n1:name=systemd:/system.slice/cron.service\n0::/\n", "cron.service"),
      ("0::/user.slice/user-1.slice/user@1.service/app.slice/run-1.scope\n", "run-1.scope"),
      ("0::/\n", nil), ("", nil),
    ] as [(String, String?)])
  func unit(cgroups: String, unit: String?) {
    #expect(Opponent.unit(in: cgroups) == unit)
  }

  @Test("a process that is there is named with its program; one that is gone by its number")
  func opponent() throws {
    let own = ProcessInfo.processInfo.processIdentifier
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    #expect(Opponent(own).description.hasPrefix("pid \(own) (\(program)"))
    #expect(Opponent(.max).description == "pid \(Int32.max), which has ended since")
  }

  @Test("nobody is seen before the first question, nor of another name; ourselves never", .asRoot)
  func witness() async throws {
    let ground = try Playground()
    let spec = try ground.file("f")
    try await ground.reconcile(spec)
    try run("touch", ground("f"))
    #expect(ground.provider.opponent(of: spec.id) == nil)
    try run("touch", ground("other"))
    try write("ours\n", to: ground("f"))
    #expect(ground.provider.opponent(of: spec.id) == nil)
    let deadline = Date(timeIntervalSinceNow: 120)
    var seen: String?
    while seen == nil, Date() < deadline {
      try run("touch", ground("f"))
      seen = ground.provider.opponent(of: spec.id)
    }
    #expect(seen?.hasPrefix("pid ") == true)
    ground.provider.witnesses.end()
  }
}
