import Testing

struct ConstructTests {
  static let rooms = ["Sources", "Plugins", "Examples"]

  /// What is never written, where, and why.
  static let rules: [Rule] = [
    Rule("Task {", rooms, "child tasks only, so that a run can be replayed"),
    Rule("Task(", rooms, "child tasks only, so that a run can be replayed"),
    Rule("Task<", rooms, "child tasks only, so that a run can be replayed"),
    Rule("Task.detached", rooms, "child tasks only, so that a run can be replayed"),
    Rule("Task.immediate", rooms, "child tasks only, so that a run can be replayed"),
    Rule("@MainActor", rooms, "a hop for each call, and an executor that nobody handed in"),
    Rule("DispatchQueue.main", rooms, "nothing runs on the main thread's queue"),
    Rule("RunLoop", rooms, "nothing runs on the main thread's queue"),
    Rule("Task.sleep", ["Sources", "Plugins"], "time comes from the clock that was handed in"),
    Rule("SuspendingClock", rooms, "time comes from the clock that was handed in"),
    Rule("try!", Tree.rooms, "an expected failure never stops the program"),
    Rule("as!", Tree.rooms, "an expected failure never stops the program"),
  ]

  /// Files that may name the system's clock other than as a default that can be replaced.
  static let clocks: [String: String] = [
    "Sources/TendEngine/Scheduler/Timeline.swift": "reads the system's clock without a box",
    "Sources/TendEngine/Controller/ClockThread.swift": "is the system's clock, with a thread",
    "Sources/TendEngine/Controller/JobQueue.swift": "ends the sleeps of that thread",
    "Sources/TendAgent/Agent/Agent.swift": "the outermost place, where time is handed in",
  ]

  /// The one place that does not wait for what it begins, and why.
  static let unstructured: [String: String] = [
    "Sources/TendEngine/Controller/Controller+Hanging.swift":
      "a child would be waited for, and a call that hangs in the kernel never returns"
  ]

  /// Files that may start a task that is nobody's child.
  static let roots: [String: String] = [
    "Sources/TendSimulation/SeededExecutor.swift": "the first task of a simulation"
  ]

  struct Rule: Sendable, CustomTestStringConvertible {
    let word: String
    let rooms: [String]
    let reason: String

    init(_ word: String, _ rooms: [String], _ reason: String) {
      (self.word, self.rooms, self.reason) = (word, rooms, reason)
    }

    var testDescription: String { word }
  }

  @Test("a construct that is ruled out is not used", arguments: rules)
  func isNotUsed(_ rule: Rule) {
    let isRoot = rule.word == "Task("
    for file in Tree.code(in: rule.rooms) where !isRoot || Self.roots[file.path] == nil {
      for index in file.code.indices where file.code[index].hasWord(rule.word) {
        let isKnown = file.code[index].contains("Task(executorPreference: threads)")
        if isKnown, Self.unstructured[file.path] != nil { continue }
        Issue.record("\(file.place(index)): \(rule.word): \(rule.reason)")
      }
    }
  }

  @Test("the system's clock is only a default, or stands where time is handed in")
  func clocksAreHandedIn() {
    for file in Tree.code(in: ["Sources", "Plugins"]) where Self.clocks[file.path] == nil {
      for index in file.code.indices where file.code[index].hasWord("ContinuousClock") {
        let isDefault = file.code[index].contains("= ContinuousClock()")
        #expect(isDefault, "\(file.place(index)): take the clock from outside")
      }
    }
  }

  @Test("an unchecked promise of sendability says right above what guards the state")
  func uncheckedSendable() {
    for file in Tree.code() {
      for index in file.code.indices where file.code[index].contains("@unchecked Sendable") {
        let above = file.lines[..<index].reversed().prefix { line in
          let text = line.drop { $0 == " " }
          return text.hasPrefix("//") || text.hasPrefix("@")
        }
        let says = above.contains { $0.contains("guards") || $0.contains("Sendable because") }
        #expect(says, "\(file.place(index)): what guards it?")
      }
    }
  }

  @Test("nothing is left for later")
  func nothingForLater() throws {
    let marks = ["TO" + "DO", "FIX" + "ME"]
    for path in Tree.files(".swift") + Tree.files(".c") + Tree.files(".h") + Tree.documents {
      let lines = try Tree.text(path).split(separator: "\n", omittingEmptySubsequences: false)
      for (number, line) in lines.enumerated() where marks.contains(where: line.hasWord) {
        Issue.record("\(path):\(number + 1): \(line)")
      }
    }
  }

  @Test("a type is named after what it is")
  func names() {
    let suffixes = ["Manager", "Helper", "Helpers", "Util", "Utils"]
    for file in Tree.code(in: Self.rooms) {
      for index in file.code.indices {
        let words = file.code[index].split { !$0.isLetter && !$0.isNumber && $0 != "_" }
        for (keyword, name) in zip(words, words.dropFirst())
        where ["class", "struct", "enum", "protocol", "actor"].contains(keyword) {
          let isVague = suffixes.contains { name.hasSuffix($0) }
          #expect(!isVague, "\(file.place(index)): \(name) says nothing about it")
        }
      }
    }
  }

  @Test("no folder of one machine is written down")
  func noMachine() throws {
    let folders = ["/wo" + "rk/", "/Us" + "ers/", "/tm" + "p/wt/"]
    for path in Tree.files("") where !path.contains("/Peers/") {
      guard let text = try? Tree.text(path) else { continue }
      for folder in folders { #expect(!text.contains(folder), "\(path) names \(folder)") }
    }
  }
}

extension StringProtocol {
  /// Whether the word stands here and is not the end of a longer one.
  func hasWord(_ word: String) -> Bool {
    var rest = self[...]
    while let range = rest.firstRange(of: word) {
      let before = rest[..<range.lowerBound].last ?? " "
      if !before.isLetter, !before.isNumber, before != "_" { return true }
      rest = rest[range.upperBound...]
    }
    return false
  }
}
