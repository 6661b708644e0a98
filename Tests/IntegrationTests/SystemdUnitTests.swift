import Foundation
import TestSupport
import Testing

@Suite("The systemd unit")
struct SystemdUnitTests {
  private static let example = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Examples/Agent")

  @Test(
    "systemd finds nothing to say about it, alone and with the drop-in for an ordinary user",
    .enabled(if: isInstalled("systemd-analyze")), arguments: [false, true])
  func verify(withDropIn: Bool) async throws {
    let tend = try Tend()
    let unit = try String(
      contentsOf: Self.example.appending(path: "tend-agent.service"), encoding: .utf8)
    // systemd looks whether the executable is there.
    try tend.folder.write(
      unit.replacing("/usr/bin/tend ", with: "\(Tend.path) "), to: "units/tend-agent.service")
    if withDropIn {
      let dropIn = try String(
        contentsOf: Self.example.appending(path: "tend-agent-user.conf"), encoding: .utf8)
      try tend.folder.write(dropIn, to: "units/tend-agent.service.d/user.conf")
    }
    let checked = try await tend.shell(
      "SYSTEMD_UNIT_PATH=units: systemd-analyze verify --man=no tend-agent.service")
    #expect(checked.status == 0, "\(checked.errors)")
    #expect(!checked.errors.contains("tend-agent"), "\(checked.errors)")
  }
}
