import Tend
import Testing

@testable import TendEngine

@Suite("The ledger of drift")
struct DriftLedgerTests {
  private let interval = Duration.seconds(300)

  /// Repairs one field again and again, as soon as it may; the moments in seconds.
  private func fight(_ ledger: inout DriftLedger, count: Int) -> [Int] {
    var now = Duration.zero
    return (0..<count).map { _ in
      while case .wait(let time) = ledger.ask(fields: ["a"], now: now, interval: interval) {
        now += time
      }
      ledger.repaired(fields: ["a"], now: now, interval: interval)
      defer { now += .seconds(1) }
      return Int(now / .seconds(1))
    }
  }

  @Test("the fifth repair of one field within 10 minutes is Contested, the fourth is not")
  func fifth() {
    var ledger = DriftLedger()
    _ = fight(&ledger, count: 4)
    #expect(ledger.contested == nil)
    ledger = DriftLedger()
    _ = fight(&ledger, count: 5)
    #expect(ledger.contested == "a")
    #expect(ledger.count == 5)
  }

  @Test("the message names who is fought with, where that is known, and what to write")
  func message() {
    var ledger = DriftLedger()
    _ = fight(&ledger, count: 5)
    let end = "; leave it alone with lifecycle: {ignoreDifferences: [a]}, or stop who changes it"
    #expect(ledger.message == "a was changed back 5 times within 10 minutes" + end)
    ledger.opponent = "pid 7 (/usr/bin/puppet)"
    #expect(
      ledger.message
        == "a was changed back 5 times within 10 minutes by pid 7 (/usr/bin/puppet)" + end)
  }

  @Test("from then on each repair waits twice as long, up to the interval")
  func doubling() {
    var ledger = DriftLedger()
    let moments = fight(&ledger, count: 12)
    #expect(moments.prefix(5) == [0, 1, 2, 3, 4])
    let pauses = zip(moments.dropFirst(4), moments.dropFirst(5)).map { $1 - $0 }
    #expect(pauses == [10, 20, 40, 80, 160, 300, 300])
  }

  @Test("repairs of different fields do not add up to a contest")
  func fields() {
    var ledger = DriftLedger()
    for (number, field) in ["a", "b", "c", "d", "e", "f"].enumerated() {
      #expect(
        ledger.ask(fields: [field], now: .seconds(number), interval: interval) == .repair)
      ledger.repaired(fields: [field], now: .seconds(number), interval: interval)
    }
    #expect(ledger.contested == nil)
  }

  @Test("five repairs spread over more than 10 minutes are no contest")
  func slow() {
    var ledger = DriftLedger()
    for number in 0..<20 {
      let now = Duration.seconds(number * 151)
      #expect(ledger.ask(fields: ["a"], now: now, interval: interval) == .repair)
      ledger.repaired(fields: ["a"], now: now, interval: interval)
    }
    #expect(ledger.contested == nil)
  }

  @Test("never more than 10 writes a minute, whatever differs")
  func writes() {
    var ledger = DriftLedger()
    for number in 0..<10 {
      let fields = ["f\(number)"]
      #expect(ledger.ask(fields: fields, now: .seconds(number), interval: interval) == .repair)
      ledger.repaired(fields: fields, now: .seconds(number), interval: interval)
    }
    #expect(
      ledger.ask(fields: ["g"], now: .seconds(10), interval: interval) == .wait(.seconds(50)))
    #expect(ledger.ask(fields: ["g"], now: .seconds(60), interval: interval) == .repair)
  }

  @Test("one quiet interval makes it normal again")
  func calm() {
    var ledger = DriftLedger()
    _ = fight(&ledger, count: 5)
    ledger.calm(now: .seconds(4 + 300), interval: interval)
    #expect(ledger.contested == "a", "it is not over yet")
    ledger.calm(now: .seconds(4 + 311), interval: interval)
    #expect(ledger == DriftLedger())
  }
}
