import Tend
import TestSupport
import Testing

@testable import TendAgent

@Suite("Decisions about a configuration")
struct ConfigurationDecisionTests {
  private static func unit(_ name: String, _ dependencies: [String]) -> UnitConfiguration {
    var unit = UnitConfiguration(name, origin: .directory("/srv"))
    unit.dependencies = dependencies
    return unit
  }

  @Test("units come after those on which they depend, else in the order of the file")
  func order() {
    let units = [
      Self.unit("top", ["web", "base"]), Self.unit("web", ["base"]), Self.unit("base", []),
      Self.unit("other", []),
    ]
    #expect(UnitOrder(units).names == ["base", "web", "top", "other"])
    #expect(UnitOrder(units).problems == [])
  }

  @Test("units that depend on each other in a circle are refused, and the circle is printed")
  func cycle() {
    let units = [
      Self.unit("a", []), Self.unit("b", ["d"]), Self.unit("c", ["b"]), Self.unit("d", ["c", "a"]),
    ]
    let problem = UnitOrder(units).problems.first
    #expect(problem?.message == "units depend on each other in a circle: b -> d -> c -> b")
    #expect(problem?.field.description == "units[1].dependsOn")
    #expect(UnitOrder([Self.unit("a", ["a"])]).problems.first?.message.hasSuffix("a -> a") == true)
  }

  @Test("a unit that is not configured is no dependency")
  func unknown() {
    let problem = UnitOrder([Self.unit("web", ["bass"]), Self.unit("base", [])]).problems.first
    #expect(problem?.message == "there is no unit bass")
    #expect(problem?.remedy == "did you mean base?")
    #expect(problem?.field.description == "units[0].dependsOn[0]")
  }

  @Test("a former name is that of no unit that is still there, and of one unit only")
  func renames() {
    func problems(_ change: (inout [UnitConfiguration]) -> Void) -> [String] {
      var units = [Self.unit("a", []), Self.unit("b", [])]
      change(&units)
      return AgentConfiguration(state: StateDirectory("/nowhere"), units: units).problems()
        .map(\.message)
    }
    #expect(problems { $0[0].formerName = "old" } == [])
    #expect(problems { $0[0].formerName = "b" } == ["unit b is still configured"])
    #expect(
      problems {
        $0[0].formerName = "old"
        $0[1].formerName = "old"
      } == ["two units were renamed from old"])
    #expect(
      problems { $0[0].formerName = "a" } == ["renamedFrom can't be the former name of unit a"])
  }

  @Test("a file is read again once it looks the same twice, and only where it differs")
  func changes() throws {
    let folder = try TemporaryFolder("changes")
    func stamp(_ text: String) throws -> FileStamp? {
      try folder.write(text, to: "file")
      return FileStamp(at: folder.path("file"))
    }
    let (first, half, whole) = (try stamp("a"), try stamp("ab"), try stamp("abc"))
    let looks: [(FileStamp?, Bool, String)] = [
      (first, false, "as it was read"), (half, false, "it may still be written"),
      (whole, false, "and it was"), (whole, true, "it is whole"), (whole, false, "only once"),
      (nil, false, "it may be about to come back"), (nil, true, "it is gone, which is to be said"),
      (nil, false, "only once"),
    ]
    var changes = FileChanges(known: first)
    for (stamp, isRead, reason) in looks {
      let answer = changes.see(stamp)
      #expect(answer == isRead, "\(reason)")
    }
  }
}
