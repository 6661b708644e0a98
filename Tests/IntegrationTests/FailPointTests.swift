import Foundation
import TestSupport
import Testing

/// The real agent with one of its calls failing: the next run converges, and nothing is made twice.
///
/// A call fails by SIGKILL, by an error of the disk, or by writing half of what it was given.
/// Each call of an undisturbed run is counted first, over all its threads. A usual run of the tests
/// takes some of them, evenly spread, with the first and the last; with `TEND_FAIL_POINTS=all` in
/// the environment every one of them, with `TEND_FAIL_POINTS=2/8` the second eighth.
@Suite(
  .serialized,
  .enabled(if: FailPoint.isPermitted, "a process can't be traced here: ptrace is not permitted"))
struct FailPointTests {
  /// What the agent is at.
  enum Work: String, CaseIterable {
    case firstRun, files, processes, objects
  }

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
      for number in ChosenCalls.now.numbers(upTo: count, few: some) {
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
      if ChosenCalls.now == .few { #expect(exercised > 0) }
    }
  }

  @Test("the parts of all calls are all calls, each once")
  func parts() {
    let whole = ChosenCalls("all").numbers(upTo: 21, few: 3)
    #expect(whole == Array(1...21))
    let parts = (1...8).flatMap { ChosenCalls("\($0)/8").numbers(upTo: 21, few: 3) }
    #expect(parts.sorted() == whole)
    #expect(ChosenCalls("9/8") == ChosenCalls("all"))
    #expect(ChosenCalls(nil).numbers(upTo: 21, few: 3) == [1, 11, 21])
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
