import Glibc
import Tend
import TendEngine
import TestSupport
import Testing

@testable import TendAgent

@Suite("The brake")
struct BrakeTests {
  private static func brake(_ folder: TemporaryFolder, now: Timestamp = noon) -> Brake {
    Brake(of: StateDirectory(folder.path)) { now }
  }

  @Test("what is pulled is read as it was said, until it is released")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let brake = Self.brake(folder)
    #expect(brake.read() == nil)
    try brake.pull(Suspension(note: "fire\u{1b}", by: "ada", since: noon))
    let read = try #require(brake.read())
    #expect(read.isOfEverything && read.note == "fire\u{1b}" && read.by == "ada")
    #expect(mode(of: folder.path("suspended")) == 0o600)
    #expect(try brake.release())
    #expect(brake.read() == nil)
    #expect(try !brake.release())
  }

  @Test("it lets go when its time is up")
  func expiry() throws {
    let folder = try TemporaryFolder()
    let until = Timestamp(seconds: 1_764_000_060)
    try Self.brake(folder).pull(Suspension(by: "ada", since: noon, until: until))
    #expect(Self.brake(folder).read() != nil)
    #expect(Self.brake(folder, now: until).read() == nil)
  }

  @Test(
    "a brake that is there and can't be read suspends everything",
    arguments: [
      ("echo nonsense > suspended", "no JSON"), ("echo '{}' > suspended", "JSON of something else"),
      (": > suspended", "empty: perhaps half written"), ("mkdir suspended", "a directory"),
      ("ln -s /nowhere suspended", "a link that leads nowhere"),
      ("mkfifo suspended", "what would make a reader wait"),
      ("head -c 100000 /dev/zero > suspended", "more than anybody writes"),
    ])
  func unreadable(line: String, reason: String) async throws {
    let folder = try TemporaryFolder()
    _ = try await run("bash", ["-c", line], in: folder.path)
    let read = try #require(Self.brake(folder).read(), "\(reason)")
    #expect(read.note?.hasPrefix("\(folder.path)/suspended can't be read: ") == true)
    #expect(read.isOfEverything)
    #expect(Self.brake(folder).read() == read, "the same is no news")
  }

  @Test("a state directory that is not there suspends nothing, and can't be braked")
  func missing() throws {
    let folder = try TemporaryFolder()
    let brake = Brake(of: StateDirectory(folder.path("nowhere")))
    #expect(brake.read() == nil)
    #expect(throws: Failure.self) { try brake.pull(Suspension(by: "ada", since: noon)) }
  }

  @Test("who asks is who the kernel says, perhaps on somebody's behalf")
  func attribution() {
    let peer = ControlPeer(user: geteuid(), process: 1)
    func by(_ user: String) -> ControlRequest {
      ControlRequest.resume(unit: "web", resource: nil, by: user).attributed(to: peer)
    }
    let name = peer.userName
    #expect(
      by("\(name), by sudo of ada")
        == .resume(
          unit: "web", resource: nil, by: "\(name), by sudo of ada"))
    #expect(by("mallory") == .resume(unit: "web", resource: nil, by: name))
    #expect(by("\(name)mallory") == .resume(unit: "web", resource: nil, by: name))
  }
}
