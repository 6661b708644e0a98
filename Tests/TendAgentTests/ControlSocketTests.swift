import Glibc
import Synchronization
import Tend
import TendEngine
import TestSupport
import Testing

@testable import TendAgent

@Suite("The control socket")
struct ControlSocketTests {
  @Test("a request is answered, after its progress, and the connection serves the next one")
  func answers() async throws {
    let folder = try TemporaryFolder()
    let change = ChangeDocument(.sample)
    let step = ProgressDocument(.started(.sample))
    let answer: ControlServer.Answer = { request, peer, progress in
      progress(step)
      return .string("\(request) by \(peer.user)")
    }
    try await serving(in: folder.path, answer: answer) {
      let steps = Mutex<[ProgressDocument]>([])
      let client = ControlClient(stateDirectory: folder.path)
      let result = try await client.ask(.units, as: String.self) { step in
        steps.withLock { $0.append(step) }
      }
      #expect(result == "units by \(geteuid())")
      #expect(steps.withLock { $0.map(\.change.name) } == [change.name])

      let wire = try Wire(to: folder.path)
      for _ in 0..<3 {
        await wire.send(request(#"{"units":{}}"#))
        #expect(try await wire.receive().value(at: "progress") != nil)
        #expect(try await wire.receive().value(at: "result") != nil)
      }
    }
  }

  /// A line that is no request.
  struct Malformed: CustomTestStringConvertible {
    let testDescription: String
    let line: String

    init(_ description: String, _ line: String) {
      testDescription = description
      self.line = line
    }

    static let all = [
      Malformed("words", "hello\n"),
      Malformed("half a map", "{\n"),
      Malformed("an empty line", "\n"),
      Malformed("no version", #"{"request":{"units":{}}}"# + "\n"),
      Malformed("a version of the future", #"{"protocol":"tend/v9","request":{}}"# + "\n"),
      Malformed("a version that is no text", #"{"protocol":7}"# + "\n"),
      Malformed("an unknown request", request(#"{"explode":{}}"#)),
      Malformed("a field of the wrong type", request(#"{"events":{"limit":"many"}}"#)),
      Malformed("nested too deep", String(repeating: "[", count: 100_000) + "\n"),
    ]
  }

  @Test(
    "what is no request is answered with what is wrong, and the connection goes on",
    arguments: Malformed.all)
  func malformed(malformed: Malformed) async throws {
    let folder = try TemporaryFolder()
    try await serving(in: folder.path) {
      let wire = try Wire(to: folder.path)
      await wire.send(malformed.line)
      #expect(try await wire.receive().value(at: "failure.code") == "Protocol")
      await wire.send(request(#"{"units":{}}"#))
      #expect(try await wire.receive().value(at: "result") != nil)
    }
  }

  @Test("a request that is too long or no UTF-8 is refused by name and ends the connection")
  func unreadable() async throws {
    let folder = try TemporaryFolder()
    var limits = ControlServer.Limits()
    limits.messageBytes = 10_000
    try await serving(in: folder.path, limits: limits) {
      let long = try Wire(to: folder.path)
      await long.send([UInt8](repeating: UInt8(ascii: "x"), count: 200_000))
      #expect(try await long.receive().value(at: "failure.code") == "Limit")
      #expect(await long.isClosed())

      let binary = try Wire(to: folder.path)
      await binary.send([0xFF, 0xFE, 0x00, 0x0A])
      #expect(try await binary.receive().value(at: "failure.message") == "a request is not UTF-8")
      #expect(await binary.isClosed())
    }
  }

  @Test("one connection more than the limit is told so; the others go on")
  func crowded() async throws {
    let folder = try TemporaryFolder()
    var limits = ControlServer.Limits()
    limits.connections = 4
    try await serving(in: folder.path, limits: limits) {
      var wires: [Wire] = []
      for _ in 0..<4 {
        let wire = try Wire(to: folder.path)
        await wire.send(request(#"{"units":{}}"#))
        _ = try await wire.receive()
        wires.append(wire)
      }
      let extra = try Wire(to: folder.path)
      #expect(try await extra.receive().value(at: "failure.code") == "Busy")
      await wires[0].send(request(#"{"units":{}}"#))
      #expect(try await wires[0].receive().value(at: "result") != nil)
    }
  }

  @Test("a peer that says nothing is given up after the idle time")
  func idle() async throws {
    let folder = try TemporaryFolder()
    var limits = ControlServer.Limits()
    limits.idle = .seconds(1)
    try await serving(in: folder.path, limits: limits) {
      let wire = try Wire(to: folder.path)
      #expect(await wire.isClosed())
    }
  }

  @Test("an answer that fails is a failure with code, message and remedy")
  func failing() async throws {
    let folder = try TemporaryFolder()
    let answer: ControlServer.Answer = { _, _, _ in
      throw EngineError(.notFound, "there is no unit web", remedy: "tend get units lists them")
    }
    try await serving(in: folder.path, answer: answer) {
      let client = ControlClient(stateDirectory: folder.path)
      await #expect(
        throws: Failure("NotFound", "there is no unit web", remedy: "tend get units lists them")
      ) { try await client.ask(.refresh(unit: "web"), as: Value.self) }
    }
  }

  @Test("the socket is ours alone, lies where paths are long, and goes with the server")
  func place() async throws {
    let folder = try TemporaryFolder()
    let deep = folder.path(String(repeating: "a-rather-long-name/", count: 12))
    var made = ""
    for part in deep.split(separator: "/") {
      made += "/" + part
      mkdir(made, 0o700)
    }
    try await serving(in: deep) {
      #expect(mode(of: deep + "/tend.sock") == 0o600)
      let client = ControlClient(stateDirectory: deep)
      let answer = try await client.ask(.units, as: String.self)
      #expect(answer == "answered")
    }
    #expect(access(deep + "/tend.sock", F_OK) != 0)
    #expect(try await ControlClient(stateDirectory: deep).agent() == nil)
  }

  @Test("a socket that a dead agent has left is replaced; anything else in its place is not")
  func leftOver() async throws {
    let folder = try TemporaryFolder()
    let address = try SocketAddress(directory: folder.path)
    let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #expect(address.withAddress { bind(dead, $0, $1) } == 0)
    close(dead)
    #expect(try await ControlClient(stateDirectory: folder.path).agent() == nil)
    try await serving(in: folder.path) {
      let client = ControlClient(stateDirectory: folder.path)
      let answer = try await client.ask(.units, as: String.self)
      #expect(answer == "answered")
    }

    try folder.write("precious", to: "tend.sock")
    await #expect(throws: Failure.self) { try await serving(in: folder.path) {} }
    #expect(folder.exists("tend.sock"))
  }

  @Test("a state directory that is not there means that no agent runs")
  func missing() async throws {
    #expect(try await ControlClient(stateDirectory: "/nowhere/at/all").agent() == nil)
  }

  @Test("stopping the server cancels a request that would never end")
  func stopping() async throws {
    let folder = try TemporaryFolder()
    let (begun, continuation) = AsyncStream.makeStream(of: Void.self)
    let answer: ControlServer.Answer = { _, _, _ in
      continuation.finish()
      try await ContinuousClock().sleep(for: .seconds(3600))
      return .null
    }
    try await serving(in: folder.path, answer: answer) {
      let asking = try Wire(to: folder.path)
      await asking.send(request(#"{"units":{}}"#))
      for await _ in begun {}
      #expect(!Task.isCancelled)
    }
  }

  @Test(
    "only root and the agent's own user are served",
    arguments: [
      (UInt32(0), UInt32(1000), true, "root asks a user's agent"),
      (1000, 1000, true, "the agent's own user"),
      (1001, 1000, false, "another user"),
      (1000, 0, false, "a user asks root's agent"),
    ])
  func trust(peer: UInt32, agent: UInt32, isTrusted: Bool, reason: String) {
    #expect(ControlPeer(user: peer, process: 1).isTrusted(by: agent) == isTrusted, "\(reason)")
  }
}

extension PlannedChange {
  static let sample = PlannedChange(
    reference: Reference(kind: "files/v1 File", name: "motd"), identity: "/etc/motd",
    action: .update, adopts: true, cause: .revision,
    differences: [
      PlannedDifference(
        Difference(path: "mode", actual: .value("0600"), desired: .value("0644")),
        place: Place(file: "web.yaml", line: 9, column: 9)),
      PlannedDifference(
        Difference(path: "content", actual: .masked, desired: .masked), place: nil),
    ],
    place: Place(file: "web.yaml", line: 3, column: 1), revision: "abc")
}
