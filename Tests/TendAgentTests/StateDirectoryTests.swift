import Testing

@testable import TendAgent

@Suite("The state directory")
struct StateDirectoryTests {
  @Test(
    "where it is, when nobody says",
    arguments: [
      (UInt32(0), [:], "/var/lib/tend", "root"),
      (1000, ["HOME": "/home/ada"], "/home/ada/.local/state/tend", "a user"),
      (1000, ["HOME": "/home/ada", "XDG_STATE_HOME": "/state"], "/state/tend", "as XDG says"),
      (0, ["XDG_STATE_HOME": "/state"], "/state/tend", "as XDG says, also for root"),
      (
        1000, ["HOME": "/home/ada", "XDG_STATE_HOME": "state"], "/home/ada/.local/state/tend",
        "a relative XDG_STATE_HOME is void"
      ),
    ] as [(UInt32, [String: String], String, String)])
  func standard(user: UInt32, variables: [String: String], path: String, reason: String) {
    let directory = StateDirectory.standard(environment: { variables[$0] }, user: user)
    #expect(directory.path == path, "\(reason)")
  }

  @Test("a path is absolute, and one however its slashes are written")
  func paths() {
    #expect(StateDirectory("/a/b//").path == "/a/b")
    #expect(StateDirectory("/a//b/./c/.").path == "/a/b/c")
    #expect(StateDirectory("/a/../b").path == "/a/../b", "a may be a link")
    #expect(StateDirectory("./state").path == StateDirectory("state").path)
    #expect(StateDirectory("/").path == "/")
    #expect(StateDirectory("state").path.hasPrefix("/"))
    #expect(StateDirectory("state").path.hasSuffix("/state"))
  }
}
