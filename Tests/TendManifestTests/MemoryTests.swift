import Foundation
import Tend
import Testing

@testable import TendManifest

@Suite(
  "Memory",
  .disabled(
    if: ProcessInfo.processInfo.environment["TEND_SANITIZER"] != nil,
    "a sanitizer takes memory of its own"))
struct MemoryTests {
  /// A number of kibibytes that the system tells about this process.
  static func kibibytes(_ name: String) -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
  }

  @Test(
    "T09, T11: refusing what passes a limit takes less than 64 MiB above the text itself",
    arguments: LimitTests.cases.indices)
  func refused(index: Int) async {
    await #expect(processExitsWith: .success) { [index] in
      let text = Array(LimitTests.cases[index].text().utf8)
      // The peak begins anew from here.
      try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
      let before = Self.kibibytes("VmHWM")
      let parsed = DocumentParser().parse(text, file: "a.yaml")
      let used = Self.kibibytes("VmHWM") - before
      #expect(!parsed.diagnostics.isEmpty)
      #expect(before > 0)
      #expect(used < 64 << 10, "\(used) KiB")
    }
  }
}
