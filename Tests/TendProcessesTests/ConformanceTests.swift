import Foundation
import Tend
import TendTesting
import TestSupport
import Testing

@testable import TendProcesses

/// A holder of its own, with the processes that it keeps.
private final class Holding: TrialWorld {
  let folder: TemporaryFolder
  var directory: String { folder.path("processes") }

  init() throws { folder = try TemporaryFolder("trial") }

  /// Whatever is still there ends, and then the holder.
  deinit {
    let connection = HolderConnection(directory: directory, usesCgroups: true)
    guard let socket = try? connection.connect() else { return }
    for id in Set(connection.abandoned().map(\.id)) {
      _ = try? connection.ask(.release(id: id))
      _ = try? connection.awaitEnd(of: id, patience: .seconds(10))
    }
    try? socket.send(Frame.bytes(HolderRequest.leave))
  }

  let samples = ["1000", "2000"].map { time in
    """
    apiVersion: processes/v1
    kind: Process
    metadata: {name: web}
    spec:
      command: [/bin/sleep, "\(time)"]
      environment: {TIME: "\(time)"}
      restart: {policy: \(time == "1000" ? "always" : "onFailure")}
      stop: [{signal: KILL}]
    ---
    apiVersion: processes/v1
    kind: Process
    metadata: {name: pair}
    spec:
      command: [/bin/sleep, "\(time)", "{replica}"]
      directory: \(time == "1000" ? "/" : "/usr")
      replicas: \(time == "1000" ? 2 : 1)
      stop: [{signal: KILL}]

    """
  }

  /// What the kernel says of the holder's children, whoever declared them.
  func contents() async throws -> [String] {
    // One that just begins, or has just ended, has no command for a moment.
    let isClear = await eventually { children.allSatisfy { text("/proc/\($0)/cmdline") != "" } }
    try #require(isClear)
    return children.compactMap { child in
      guard let command = text("/proc/\(child)/cmdline"),
        let environment = text("/proc/\(child)/environ"),
        let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(child)/cwd")
      else { return nil }
      let times = environment.split(separator: " ").filter { $0.hasPrefix("TIME=") }
      return "\(command) in \(place) with \(times)"
    }.sorted()
  }

  private var holder: Int32? {
    let connection = HolderConnection(directory: directory, usesCgroups: true)
    guard case .hello(_, let process)? = try? connection.ask(.hello(version: Frame.version)) else {
      return nil
    }
    return process
  }

  private var children: [Int32] {
    guard let holder, let text = text("/proc/\(holder)/task/\(holder)/children") else { return [] }
    return text.split(separator: " ").compactMap { Int32($0) }
  }

  private func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { bytes in
      String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
    }
  }
}

/// The provider, behind the kit's faults, with a time that stands still while the holder works.
private struct TriedProvider: Provider {
  let provider: ProcessProvider
  let faults: Faults

  var kinds: [Kind<ProcessSpec>] { provider.kinds }
  var execution: Execution { provider.execution }

  init(in world: Holding, _ faults: Faults) {
    provider = ProcessProvider()
    provider.reside(in: Residence(directory: world.directory, isAgent: true))
    self.faults = faults
  }

  func observe(
    _ target: Target<ProcessSpec>, _ context: Context
  ) async throws(ProviderError) -> ProcessState? {
    try await attempt("look at \(target.id)") {
      try await faults.read("look at \(target.id)") {
        try await provider.observe(target, context)
      }
    }
  }

  func apply(
    _ change: Change<ProcessSpec>, _ journal: Journal<ProcessSpec>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    try await attempt("change it") {
      try await faults.change("change it") {
        let outcome = try await provider.apply(change, journal, context)
        guard case .underway = outcome, let id = change.desired?.id else { return outcome }
        // The kit's clock does not wait for real processes to end and to begin.
        let isDone = await eventually { (try? provider.home().report(id))??.isSettled == true }
        return isDone ? .done : outcome
      }
    }
  }
}

extension Change where Desired == ProcessSpec {
  fileprivate var desired: ProcessSpec? {
    switch action {
    case .create(let spec), .update(_, let spec), .replace(_, let spec): spec
    case .delete: nil
    }
  }
}

extension Report {
  /// Whether every replica runs with what is wanted, and none too many.
  fileprivate var isSettled: Bool {
    processes.count == replicas && processes.allSatisfy { $0.isCurrent && $0.state == .running }
  }
}

struct ConformanceTests {
  @Test("the process provider keeps the laws of providers, with real processes")
  func laws() async throws {
    var settings = Conformance.Settings()
    settings.drawn = 30
    let report = try await conform(
      settings, world: { try Holding() }, provider: { TriedProvider(in: $0, $1) })
    #expect(report.histories > 100)
  }
}
