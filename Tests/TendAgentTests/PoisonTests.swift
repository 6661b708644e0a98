import Foundation
import Glibc
import Logging
import Synchronization
import Tend
import TendEngine
import TestSupport
import Testing

@testable import TendAgent

@Suite("A resource that kills the agent", .timeLimit(.minutes(4)))
struct PoisonTests {
  private static func declare(_ names: [String], in folder: TemporaryFolder) throws {
    let documents = names.map { "{apiVersion: doses/v1, kind: Dose, metadata: {name: \($0)}}" }
    try folder.write(documents.joined(separator: "\n---\n") + "\n", to: "desired/doses.yaml")
  }

  /// An agent that runs until it dies, or until somebody has seen enough.
  static func run(_ folder: String, until isEnough: @escaping @Sendable () -> Bool) async throws {
    var policy = Unit.Policy()
    policy.refreshInterval = .milliseconds(200)
    let unit = UnitConfiguration("main", origin: .directory(folder + "/desired"), policy: policy)
    let configuration = AgentConfiguration(state: StateDirectory(folder + "/state"), units: [unit])
    let agent = try Agent(
      configuration, providers: [DoseProvider(folder: folder)],
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await agent.run() }
      group.addTask {
        while !isEnough() { try await Task.sleep(for: .milliseconds(20)) }
      }
      try await group.next()
      group.cancelAll()
      while let result = await group.nextResult() {
        if case .failure(let error) = result, !(error is CancellationError) { throw error }
      }
    }
  }

  private func reasons(_ folder: TemporaryFolder) async throws -> [String: String] {
    let client = ControlClient(stateDirectory: folder.path("state"))
    let items = try await client.ask(
      .resources(unit: nil, resource: nil), as: ItemList<ResourceStatus>.self
    ).items
    let pairs = items.map { ($0.name, $0.condition(.ready)?.reason ?? "") }
    return Dictionary(uniqueKeysWithValues: pairs)
  }

  @Test("T22 after three deaths it is Stalled for Poison, and the others converge")
  func poison() async throws {
    let folder = try TemporaryFolder("poison")
    try Self.declare(["a", "deadly", "z"], in: folder)
    for _ in 1...3 {
      await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
        try await PoisonTests.run(path) { false }
      }
    }
    let isSeen = Flag()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [path = folder.path] in
        try await Self.run(path) { isSeen.isRaised }
      }
      defer { isSeen.raise() }
      try await eventually("it says so") {
        await (try? reasons(folder))?["deadly"] == "Poison"
      }
      try await eventually("the others are made") {
        folder.exists("made-a") && folder.exists("made-z")
      }
      let found = try await reasons(folder)
      #expect(found["a"] != "Poison" && found["z"] != "Poison")
      isSeen.raise()
      try await group.waitForAll()
    }
    #expect(!folder.exists("made-deadly"))
  }

  @Test("a resource that was at work and did no harm is not held against")
  func innocent() async throws {
    let folder = try TemporaryFolder("innocent")
    let directory = StateDirectory(folder.path("state"))
    try folder.makeFolder("state")
    let key = InventoryKey(provider: "doses", identity: "a")
    for _ in 0..<5 {
      let deaths = Deaths(of: directory)
      deaths.begin(key, worker: 3)
      deaths.end(worker: 3)
      deaths.pardon(key)
      deaths.begin(key, worker: 3)
    }
    #expect(Deaths(of: directory).deaths(during: key, declared: "1") == 1)
  }

  @Test("T24 on a full disk nothing is noted, and nothing dies of it", .enabled(if: canMount))
  func full() async throws {
    let folder = try TemporaryFolder("full")
    try folder.makeFolder("state")
    let path = folder.path("state")
    try #require(mount("tmpfs", path, "tmpfs", 0, "size=64k,mode=0700") == 0)
    defer { umount2(path, Int32(MNT_DETACH)) }
    let key = InventoryKey(provider: "doses", identity: "a")
    for _ in 0..<2 {
      let deaths = Deaths(of: StateDirectory(path))
      for worker in stride(from: 0, to: 4096, by: 7) { deaths.begin(key, worker: worker) }
      #expect(!deaths.hasDeaths)
    }
    var status = stat()
    #expect(stat(path + "/working", &status) == 0 && status.st_blocks == 0, "it takes no place")
  }

  @Test("three deaths in a row count, another declaration and a pardon begin anew")
  func counted() async throws {
    let folder = try TemporaryFolder("counted")
    let directory = StateDirectory(folder.path("state"))
    try folder.makeFolder("state")
    let key = InventoryKey(provider: "doses", identity: "a\nb")
    let other = InventoryKey(provider: "doses", identity: "c")
    func die() {
      let deaths = Deaths(of: directory)
      deaths.begin(key, worker: 0)
      deaths.begin(other, worker: 700)
    }
    for _ in 0..<3 { die() }
    let deaths = Deaths(of: directory)
    #expect(deaths.deaths(during: key, declared: "1") == 3)
    #expect(deaths.deaths(during: other, declared: "1") == 3)
    #expect(Deaths(of: directory).deaths(during: key, declared: "1") == 3, "it is kept")
    #expect(deaths.deaths(during: key, declared: "2") == 0)
    deaths.pardon(other)
    #expect(!deaths.hasDeaths)
    #expect(!Deaths(of: directory).hasDeaths)
  }
}

/// Whether this process may mount a file system.
private let canMount: Bool = {
  guard geteuid() == 0, let folder = try? TemporaryFolder("mount") else { return false }
  guard mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0 else { return false }
  umount(folder.path)
  return true
}()

private final class Flag: Sendable {
  private let state = Mutex(false)
  var isRaised: Bool { state.withLock { $0 } }
  func raise() { state.withLock { $0 = true } }
}
