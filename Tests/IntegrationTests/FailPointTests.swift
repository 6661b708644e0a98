import Foundation
import TestSupport
import Testing

/// The real agent with one of its calls failing: the next run converges, and nothing is made twice.
///
/// A call fails by SIGKILL, by an error of the disk, or by writing half of what it was given.
/// Each call of an undisturbed run is counted first, over all its threads. A usual run of the tests
/// takes some of them, evenly spread, with the first and the last; with `TEND_FAIL_POINTS=all` in
/// the environment every one of them.
@Suite(
  .serialized,
  .enabled(if: FailPoint.isPermitted, "a process can't be traced here: ptrace is not permitted"))
struct FailPointTests {
  /// What the agent is at.
  enum Work: String, CaseIterable {
    case firstRun, files, processes, objects
  }

  static let takesAll = ProcessInfo.processInfo.environment["TEND_FAIL_POINTS"] == "all"

  @Test(
    "T20 T21 T27 killed at any call that changes something, the next run converges",
    arguments: Work.allCases)
  func killed(_ work: Work) async throws {
    try await perform(work, .kill, some: work == .processes ? 3 : 6) { trace in
      trace.output.status == -SIGKILL ? nil : "it went on after SIGKILL"
    }
  }

  @Test(
    "T24 an error of the disk at any call is told or does no harm, and the next run converges",
    arguments: Work.allCases, [FailPoint.Fault.noSpace, .inputOutput])
  func refused(_ work: Work, _ fault: FailPoint.Fault) async throws {
    try await perform(work, fault, some: work == .processes ? 2 : 3) { trace in
      let output = trace.output
      if output.status < 0 { return "signal \(-output.status)\n\(output.errors)" }
      if output.status == 0 { return nil }
      return output.errors.isEmpty ? "it fails and does not say why" : nil
    }
  }

  @Test(
    "T20 a call that is interrupted, or that writes half, goes on and changes nothing of the end",
    arguments: Work.allCases, [FailPoint.Fault.interrupted, .short])
  func halved(_ work: Work, _ fault: FailPoint.Fault) async throws {
    try await perform(work, fault, some: work == .processes ? 2 : 3) { trace in
      trace.output.status < 0 ? "signal \(-trace.output.status)" : nil
    }
  }

  /// Lets each of the chosen calls fail, checks how the run ended, runs again, and looks.
  private func perform(
    _ work: Work, _ fault: FailPoint.Fault, some: Int,
    verdict: (Tend.Trace) -> String?
  ) async throws {
    try await withScene(work) { scene in
      try await scene.reset()
      let count = try await scene.tend.run(scene.arguments, failing: fault).count
      #expect(try await scene.problems() == [], "undisturbed")
      var (exercised, converged) = (0, 0)
      for number in Self.numbers(count, Self.takesAll ? count : some) {
        try await scene.reset()
        let trace = try await scene.tend.run(scene.arguments, failing: fault, at: number)
        guard let failed = trace.failed else { continue }
        exercised += 1
        var problems = [verdict(trace)].compactMap(\.self)
        let again = try await scene.tend.run(scene.arguments)
        if again.status != 0 { problems.append("the next run: \(again.errors)\(again.out)") }
        problems += try await scene.problems()
        if problems.isEmpty { converged += 1 }
        #expect(problems == [], "\(fault) at \(number), \(failed)\n\(trace.output.errors)")
      }
      try await scene.close()
      print(
        "\(work), \(fault): calls \(count), fail points exercised \(exercised), "
          + "converged \(converged)")
      #expect(exercised > 0)
    }
  }

  /// So many numbers up to a count, evenly spread, with the first and the last.
  static func numbers(_ count: Int, _ some: Int) -> [Int] {
    guard some > 1, count > some else { return Array(1...max(1, count)) }
    return (0..<some).map { 1 + $0 * (count - 1) / (some - 1) }
  }

  private func withScene(_ work: Work, _ body: (any Scene) async throws -> Void) async throws {
    let tend = try Tend("fail-points", inMemory: true)
    switch work {
    case .firstRun: try await body(FileScene(tend: tend, isFirst: true))
    case .files: try await body(FileScene(tend: tend, isFirst: false))
    case .processes: try await body(ProcessScene(tend: tend))
    case .objects:
      let service = ObjectService()
      try await service.serve { try await body(ObjectScene(tend: tend, service: service)) }
    }
  }
}
