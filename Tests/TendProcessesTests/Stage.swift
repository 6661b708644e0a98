import Foundation
import Synchronization
import Tend
import TendEngine
import TestSupport
import Testing

@testable import TendProcesses

/// A state directory of its own, and a provider that keeps processes there; all end with it.
final class Stage: Sendable {
  let folder: TemporaryFolder
  let provider: ProcessProvider
  let surroundings = StageSurroundings()

  var directory: String { folder.path("processes") }
  var context: Context { Context(surroundings, deadline: .seconds(60)) }

  private let usesCgroups: Bool

  init(_ label: String = "processes", usesCgroups: Bool = true) throws {
    self.usesCgroups = usesCgroups
    folder = try TemporaryFolder(label)
    chmod(folder.path, 0o755)
    provider = ProcessProvider(usesCgroups: usesCgroups)
    provider.reside(in: Residence(directory: folder.path("processes"), isAgent: true))
  }

  /// Another provider on the same directory, as an agent that was started again.
  func successor(isAgent: Bool = true) -> ProcessProvider {
    let provider = ProcessProvider(usesCgroups: usesCgroups)
    provider.reside(in: Residence(directory: directory, isAgent: isAgent))
    return provider
  }

  /// Ends everything at the end of a test, whatever came of it.
  func close() async {
    guard let home = try? provider.home() else { return }
    for id in started.withLock({ $0 }) {
      _ = try? home.connection.ask(.release(id: id))
      let left = try? home.connection.awaitEnd(of: id, patience: .seconds(3))
      for process in left?.processes ?? [] where process.process > 0 {
        kill(process.process, SIGKILL)
      }
    }
    if let socket = try? home.connection.connect() {
      try? socket.send(Frame.bytes(HolderRequest.leave))
    }
  }

  private let started = Mutex<[String]>([])

  // MARK: Declaring

  func declare(_ name: String, _ spec: Value) throws -> ProcessSpec {
    let kind = try #require(provider.kinds.first)
    let declaration = Declaration(
      Reference(kind: kind.name, name: name), spec: spec,
      at: Place(file: "p.yaml", line: 1, column: 1)
    ).reading(Premises(NoFiles(), unit: "test"))
    let violations = kind.schema.diagnostics(for: declaration)
    if !violations.isEmpty { throw Diagnostics(violations) }
    return try kind.decode(declaration)
  }

  /// A shell script that is short enough to read.
  func shell(_ name: String, _ script: String, _ more: Value = [:]) throws -> ProcessSpec {
    var fields: [Value.Fields.Entry] = [
      .init(key: "command", value: ["/bin/sh", "-c", .string(script)])
    ]
    if case .map(let others) = more { fields += others.entries }
    return try declare(name, .map(.init(fields)))
  }

  // MARK: Doing

  func observe(
    _ spec: ProcessSpec, memory: ProcessMemory? = nil
  ) async throws(ProviderError) -> ProcessState? {
    try await provider.observe(Target(id: spec.id, desired: spec, memory: memory), context)
  }

  /// Observes, compares and changes once, as the engine does.
  @discardableResult
  func reconcile(_ spec: ProcessSpec) async throws(ProviderError) -> Outcome? {
    started.withLock { $0.append(spec.id) }
    let current = try await observe(spec)
    let differences = spec.differences(from: current)
    guard let current else {
      return try await apply(Change(.create(spec), differences))
    }
    if differences.isEmpty { return nil }
    return try await apply(Change(.update(current, to: spec), differences))
  }

  func apply(_ change: Change<ProcessSpec>) async throws(ProviderError) -> Outcome {
    try await provider.apply(
      change, Journal { (_: ProcessMemory) throws(ProviderError) in }, context)
  }

  func delete(_ spec: ProcessSpec) async throws {
    guard let current = try await observe(spec) else { return }
    for _ in 0..<20 {
      do throws(ProviderError) {
        _ = try await apply(Change(.delete(current), []))
        return
      } catch {
        if error.code != .transient { throw error }
      }
    }
    Issue.record("\(spec.id) does not end")
  }

  func report(_ spec: ProcessSpec) throws -> Report? {
    let connection = try provider.home().connection
    guard let reply = try connection.ask(.report(id: spec.id)) else { return nil }
    if case .report(let report) = reply { return report }
    return nil
  }

  /// Waits until the holder's word on a process is as described.
  @discardableResult
  func wait(
    _ spec: ProcessSpec, for what: String, within limit: Duration = .seconds(120),
    _ condition: (Report) -> Bool
  ) async throws -> Report {
    let deadline = ContinuousClock.now + limit
    var last: Report?
    while ContinuousClock.now < deadline {
      last = try report(spec)
      if let last, condition(last) { return last }
      try await Task.sleep(for: .milliseconds(5))
    }
    throw ProgramFailed(description: "no \(what) within \(limit): \(String(describing: last))")
  }

  /// The process of the first replica, once it is ready.
  func process(_ spec: ProcessSpec) async throws -> Int32 {
    try await wait(spec, for: "process") { $0.processes.first?.isReady == true }
      .processes.first?.process ?? 0
  }

  /// All lines that a replica printed, without their times.
  func lines(_ spec: ProcessSpec, replica: Int = 0) throws -> [String] {
    let folder = "\(directory)/logs/\(FolderName.of(spec.id))/\(replica)"
    let text = try String(contentsOfFile: "\(folder)/current", encoding: .utf8)
    return text.split(separator: "\n").map { line in
      String(line.drop { $0 != " " }.dropFirst())
    }
  }

  /// Waits until a line was printed.
  func wait(_ spec: ProcessSpec, forLine line: String, replica: Int = 0) async throws {
    let found = await eventually {
      (try? self.lines(spec, replica: replica))?.contains(line) == true
    }
    #expect(found, "\(line) in \((try? lines(spec, replica: replica)) ?? [])")
  }

  /// Whether the holder or something that it started runs under this id: not ended, no zombie, and
  /// no stranger to whom the id was given again.
  func isRunning(_ process: Int32) -> Bool {
    let text = { (file: String) in
      FileManager.default.contents(atPath: "/proc/\(process)/\(file)").map {
        String(decoding: $0, as: UTF8.self)
      }
    }
    // One that just begins has none for a moment; a thread of the kernel, and the holder, never.
    for _ in 0..<100 {
      guard let environment = text("environ"), let command = text("cmdline") else { return false }
      if !environment.isEmpty {
        return environment.contains("\(Body.mark)=tend-\(FolderName.hash(directory))/")
      }
      if !command.isEmpty { return command.hasPrefix("tend-holder\0\(directory)\0") }
      usleep(1000)
    }
    return false
  }

  /// The id of the holder.
  func holder() throws -> Int32 {
    guard
      case .hello(_, let process)? = try provider.home().connection.ask(
        .hello(version: Frame.version))
    else { throw ProgramFailed(description: "no holder") }
    return process
  }
}

/// Waits for something that comes by itself; whether it came.
func eventually(within limit: Duration = .seconds(120), _ condition: () -> Bool) async -> Bool {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if condition() { return true }
    try? await Task.sleep(for: .milliseconds(5))
  }
  return condition()
}

struct NoFiles: SourceTree {
  func file(at path: String) throws(SourceFileError) -> SourceFile {
    throw SourceFileError("there are no files here")
  }
}

/// What stands behind a context in these tests.
final class StageSurroundings: Surroundings {
  private let start = ContinuousClock.now
  private let secrets = Mutex<[SecretSource: String]>([:])

  func set(_ secret: String, at source: SecretSource) {
    secrets.withLock { $0[source] = secret }
  }

  var monotonic: Duration { ContinuousClock.now - start }
  var now: Timestamp {
    Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1_000_000_000))
  }
  var backups: (any BackupStore)? { nil }
  var isRepair: Bool { false }
  func sleep(for duration: Duration) async throws(ProviderError) {
    do { try await Task.sleep(for: duration) } catch { throw .cancelled }
  }
  func secret(_ source: SecretSource) async throws(ProviderError) -> Sensitive<String> {
    guard let secret = secrets.withLock({ $0[source] }) else {
      throw .permanent("\(source) can't be read")
    }
    return Sensitive(secret)
  }
  func digest(of secret: Sensitive<String>) -> String { LaunchDigest.of("key" + secret.reveal()) }
  func note(_ message: String, _ details: [Detail]) {}
}

/// Runs a test on a stage that is cleared at the end.
///
/// On a thread of its own, as the engine runs a provider whose calls block.
func onStage(
  _ label: String = "processes", usesCgroups: Bool = true,
  _ body: (Stage) async throws -> Void
) async throws {
  let stage = try Stage(label, usesCgroups: usesCgroups)
  try await withTaskExecutorPreference(BlockingThreads(count: 1, name: label)) {
    do {
      try await body(stage)
    } catch {
      await stage.close()
      throw error
    }
    await stage.close()
  }
}
