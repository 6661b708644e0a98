import TendEngine
import Testing

@testable import TendAgent

@Suite("Whether an engine is alive")
struct LivenessTests {
  private typealias Lane = Vitals.Lane

  private static func vitals(
    _ lanes: [Vitals.Lane], hasWrites: Bool = false, written: Int = 0
  ) -> Vitals {
    Vitals(lanes: lanes, hasWrites: hasWrites, written: written)
  }

  private static func lane(
    _ provider: String = "files", hasWork: Bool = true, isBusy: Bool = false,
    finished: UInt64 = 5
  ) -> Vitals.Lane {
    Vitals.Lane(provider: provider, hasWork: hasWork, isBusy: isBusy, finished: finished)
  }

  /// What is said after a minute in which nothing changes any more.
  private func verdict(_ vitals: Vitals) -> String? {
    var liveness = Liveness(patience: .seconds(30), now: .zero)
    _ = liveness.judge(vitals, now: .seconds(15))
    return liveness.judge(vitals, now: .seconds(60))
  }

  @Test(
    "it is, while something ends, is within its deadline, or is not to be done",
    arguments: [
      (vitals([lane(hasWork: false)]), "nothing is to be done"),
      (vitals([lane(isBusy: true)]), "a worker is within its deadline"),
      (vitals([lane(), lane("http", isBusy: true)]), "one provider hangs, another works"),
      (vitals([]), "there is no provider"),
      (vitals([lane(hasWork: false)], written: 3), "the store has nothing to write"),
    ])
  func alive(vitals: Vitals, reason: String) {
    #expect(verdict(vitals) == nil, "\(reason)")
  }

  @Test("it is not, where there is work and all who could do it are overdue")
  func stuck() {
    #expect(verdict(Self.vitals([Self.lane()])) == "no worker of files gets anything done")
    let both = Self.vitals([Self.lane("http"), Self.lane("files")])
    #expect(verdict(both) == "no worker of files, http gets anything done")
  }

  @Test("it is not, where the store writes nothing and does not fail")
  func store() {
    let vitals = Self.vitals([], hasWrites: true, written: 3)
    #expect(verdict(vitals) == "the store writes nothing")
  }

  @Test("patience begins anew with whatever ends")
  func patience() {
    var liveness = Liveness(patience: .seconds(30), now: .zero)
    for step in 1...10 {
      let vitals = Self.vitals([Self.lane(finished: UInt64(step))])
      #expect(liveness.judge(vitals, now: .seconds(20 * step)) == nil)
    }
    let same = Self.vitals([Self.lane(finished: 10)])
    #expect(liveness.judge(same, now: .seconds(229)) == nil)
    #expect(liveness.judge(same, now: .seconds(231)) != nil)
    #expect(liveness.judge(Self.vitals([Self.lane(finished: 11)]), now: .seconds(260)) == nil)
  }
}
