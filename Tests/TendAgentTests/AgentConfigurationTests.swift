import Tend
import TendEngine
import Testing

@testable import TendAgent

@Suite("The configuration of an agent")
struct AgentConfigurationTests {
  private static func configuration(
    _ change: (inout AgentConfiguration) -> Void = { _ in }
  ) -> AgentConfiguration {
    var configuration = AgentConfiguration(
      state: StateDirectory("/nowhere"),
      units: [UnitConfiguration("web", origin: .directory("/srv/web"))])
    change(&configuration)
    return configuration
  }

  @Test("one that can work is accepted, and nothing is opened yet")
  func accepted() throws {
    _ = try Agent(Self.configuration(), providers: [])
  }

  @Test("one that can't is refused when the agent is made, with a remedy")
  func refused() {
    let wrong: [(String, (inout AgentConfiguration) -> Void)] = [
      ("no unit is configured", { $0.units = [] }),
      ("two units have the name web", { $0.units += $0.units }),
      ("\"a/b\" can't be the name of a unit", { $0.units[0].name = "a/b" }),
      ("\"\" can't be the name of a unit", { $0.units[0].name = "" }),
      ("the interval of unit web is 0ms", { $0.units[0].policy.interval = .zero }),
      ("concurrency is 0", { $0.concurrency = 0 }),
      ("drain is negative", { $0.drain = .seconds(-1) }),
    ]
    for (message, change) in wrong {
      let failure = #expect(throws: Failure.self) {
        try Agent(Self.configuration(change), providers: [])
      }
      #expect(failure?.message == message)
      #expect(failure?.remedy != nil)
    }
  }
}
