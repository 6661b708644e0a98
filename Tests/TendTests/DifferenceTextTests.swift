import Synchronization
import Testing

@testable import Tend

@Suite("the texts of a difference")
struct DifferenceTextTests {
  private final class Reads: Sendable {
    let count = Atomic(0)
    var soFar: Int { count.load(ordering: .relaxed) }
  }

  @Test("what is read only to be shown is read when it is asked for, and equals what was given")
  func reading() {
    let reads = Reads()
    let text = Difference.Text(actual: "a") {
      reads.count.add(1, ordering: .relaxed)
      return "b"
    }
    #expect(reads.soFar == 0)
    #expect(text == Difference.Text(actual: "a", desired: "b"))
    #expect(text.hashValue == Difference.Text(actual: "a", desired: "b").hashValue)
    #expect(text != Difference.Text(actual: "a", desired: nil))
    #expect(reads.soFar == 3)
  }

  @Test("a text that is set takes the place of what would be read")
  func setting() {
    var text = Difference.Text(actual: nil) { "b" }
    text.desired = nil
    #expect(text == Difference.Text(actual: nil, desired: nil))
  }
}
