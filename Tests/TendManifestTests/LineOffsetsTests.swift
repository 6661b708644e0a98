import Testing

@testable import TendManifest

@Suite("where the lines of a text begin")
struct LineOffsetsTests {
  @Test(
    "each line is found, whatever ends it, and after the last the end",
    arguments: ["\n", "\r\n", "\r"], [0, 1, 15, 16, 17, 100])
  func lines(_ end: String, _ count: Int) {
    let lines = (0..<count).map { String(repeating: "x", count: $0 % 5) + end }
    let bytes = Array(lines.joined().utf8)
    let offsets = LineOffsets(bytes)
    var start = 0
    for (number, line) in lines.enumerated() {
      #expect(offsets.offset(ofLine: number, in: bytes) == start)
      start += line.utf8.count
    }
    for number in [count, count + 1, count + 100] {
      #expect(offsets.offset(ofLine: number, in: bytes) == bytes.count)
    }
  }
}
