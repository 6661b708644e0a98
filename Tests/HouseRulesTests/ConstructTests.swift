import Testing

struct ConstructTests {
  /// What is never written, where, and why.
  static let forbidden: [Rule] = [
    Rule(
      #"(?<![A-Za-z])Task\s*(<[^>]*>)?\s*(\(|\{)"#, code, "child tasks only: a replay follows them"),
    Rule(#"Task\.(detached|immediate)"#, code, "child tasks only: a replay follows them"),
    Rule(#"@MainActor"#, code, "a hop for each call, and an executor that nobody handed in"),
    Rule(#"Task\.sleep"#, ["Sources", "Plugins"], "time comes from the clock that was handed in"),
    Rule(#"\bSuspendingClock"#, code, "time comes from the clock that was handed in"),
    Rule(#"\btry!"#, Tree.rooms, "an expected failure never stops the program"),
    Rule(#"\bas!"#, Tree.rooms, "an expected failure never stops the program"),
    Rule(#"\b(DispatchQueue\.main|RunLoop)\b"#, code, "nothing runs on the main thread's queue"),
  ]

  static let code = ["Sources", "Plugins", "Examples"]

  /// Files that may name the system's clock other than as a default that can be replaced.
  static let clocks: [String: String] = [
    "Sources/TendEngine/Scheduler/Timeline.swift": "reads the system's clock without a box",
    "Sources/TendAgent/Agent/Agent.swift": "the outermost place: here time is handed in",
  ]

  struct Rule: Sendable, CustomTestStringConvertible {
    let pattern: String
    let rooms: [String]
    let reason: String

    init(_ pattern: String, _ rooms: [String], _ reason: String) {
      (self.pattern, self.rooms, self.reason) = (pattern, rooms, reason)
    }

    var testDescription: String { pattern }
  }

  @Test("forbidden constructs are not used", arguments: ConstructTests.forbidden)
  func isNotUsed(_ rule: Rule) throws {
    let pattern = try Regex(rule.pattern)
    for path in Tree.files(".swift", in: rule.rooms) {
      let file = try Tree.code(path)
      for index in file.code.indices where file.code[index].contains(pattern) {
        Issue.record("\(file.place(index)): \(rule.reason)")
      }
    }
  }

  @Test("the system's clock is only a default, or stands where time is handed in")
  func clocksAreHandedIn() throws {
    for path in Tree.files(".swift", in: ["Sources", "Plugins"]) where Self.clocks[path] == nil {
      let file = try Tree.code(path)
      for index in file.code.indices {
        let rest = file.code[index].replacing("= ContinuousClock()", with: "")
        #expect(
          !rest.contains("ContinuousClock"), "\(file.place(index)): take the clock from outside")
      }
    }
  }

  @Test("an unchecked promise of sendability says right above what guards the state")
  func uncheckedSendable() throws {
    for path in Tree.files(".swift", in: Tree.rooms) {
      let file = try Tree.code(path)
      for index in file.code.indices where file.code[index].contains("@unchecked Sendable") {
        let comment = file.lines[..<index].reversed().prefix { $0.contains(/^\s*(\/\/|@)/) }
        let says = comment.contains { $0.contains(/\bguard(s|ed)\b/) }
        #expect(says, "\(file.place(index)): what guards it?")
      }
    }
  }

  @Test("nothing is left for later")
  func nothingForLater() throws {
    let marks = try Regex(
      ["TO" + "DO", "FIX" + "ME", "XX" + "X", "for " + "now\\b"].joined(separator: "|"))
    for path in Tree.files(".swift") + Tree.files(".c") + Tree.documents {
      for (number, line) in try Tree.code(path).lines.enumerated() where line.contains(marks) {
        Issue.record("\(path):\(number + 1): \(line)")
      }
    }
  }

  @Test("a type is named after what it is")
  func names() throws {
    let pattern = /(?:class|struct|enum|protocol|actor)\s+\w*(Manager|Helper|Util|Utils)\b/
    for path in Tree.files(".swift", in: Self.code) {
      let file = try Tree.code(path)
      for index in file.code.indices where file.code[index].contains(pattern) {
        Issue.record("\(file.place(index)): that says nothing about it")
      }
    }
  }

  @Test("no path of one machine is written down")
  func noMachine() throws {
    let paths = try Regex(#"(?<![\w.~])/(wo"# + "rk|us" + "er|Us" + #"ers|home/\w+)/\w"#)
    for path in Tree.files("") where !path.contains("/Peers/") {
      guard let text = try? Tree.text(path) else { continue }
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      for (number, line) in lines.enumerated() where line.contains(paths) {
        Issue.record("\(path):\(number + 1): \(line)")
      }
    }
  }
}
