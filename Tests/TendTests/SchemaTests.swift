import Tend
import Testing

@Suite("Checking a spec by its schema")
struct SchemaTests {
  static let schema = Schema(
    "A thing.",
    [
      .string("path", required: true, "Where it is."),
      .string("mode", hint: "write it in quotes, like \"0644\"", "Its mode."),
      .choice("type", ["classic", "quorum"], "How."),
      .integer("port", in: 1...65_535, "Which."), .integer("nice", in: -20 ... .max, "How nice."),
      .integer("top", in: .min...9, "At most."), .number("ratio", "How much."),
      .boolean("on", "Whether."), .duration("wait", "How long."),
      .list("names", of: .string, "Who."), .map("env", of: .string, "With what."),
      .object(
        "limits", [.integer("memory", required: true, "Bytes."), .any("more", "Anything.")],
        "Bounds."),
      .list("rules", of: .object([.string("name", required: true, "Its name.")]), "Rules."),
      .map("ports", of: .list(.integer(1...9)), "Ports."),
    ])

  struct Case: Sendable, CustomTestStringConvertible {
    let spec: Value
    let messages: [String]
    var testDescription: String { spec.json }

    init(_ fields: Value, _ messages: String...) {
      var spec = Value.Fields([.init(key: "path", value: "/a")])
      if case .map(let map) = fields { for entry in map.entries { spec[entry.key] = entry.value } }
      (self.spec, self.messages) = (.map(spec), messages)
    }
  }

  @Test(
    "T10: each field that does not fit is reported, with what to do",
    arguments: [
      Case([:]),
      Case([
        "mode": "0644", "type": "quorum", "port": 80, "nice": -20, "top": .integer(.min),
        "ratio": 1,
        "on": true, "wait": "1h", "names": ["a"], "env": ["A": "b"],
        "limits": ["memory": 1, "more": [nil]], "rules": [["name": "a"]], "ports": ["a": [1, 9]],
      ]),
      Case(["mode": nil, "port": nil, "limits": nil, "rules": nil]),
      Case(
        ["path": nil],
        "path must be a string, but is nothing; give it a value, or leave the field out"),
      Case(
        ["mode": 420], "mode must be a string, but is an integer; write it in quotes, like \"0644\""
      ),
      Case(["type": "quorun"], "type must be one of classic, quorum; did you mean quorum?"),
      Case(
        ["type": true], "type must be one of classic | quorum, but is a boolean; put it in quotes"),
      Case(["port": 0], "port must be between 1 and 65535"),
      Case(["nice": -21], "nice must be at least -20"),
      Case(["top": 10], "top must be at most 9"),
      Case(["port": "80"], "port must be an integer, but is a string"),
      Case(["port": .number(80)], "port must be an integer, but is a number"),
      Case(["ratio": "1"], "ratio must be a number, but is a string"),
      Case(
        ["on": "yes"],
        """
        on must be a boolean, but is a string; write true or false, without quotes
        """),
      Case(
        ["wait": 30], "wait must be a duration, but is an integer; write it with a unit, like 30s"),
      Case(["wait": "30"], "wait must be a duration; write it like 500ms, 30s or 1h30m"),
      Case(["names": "a"], "names must be a list of string, but is a string"),
      Case(
        ["names": ["a", 5, nil]], "names[1] must be a string, but is an integer; put it in quotes",
        "names[2] must be a string, but is nothing; give it a value, or leave the field out"),
      Case(
        ["env": ["A": 1, "B.C": true]],
        "env.A must be a string, but is an integer; put it in quotes",
        "env[\"B.C\"] must be a string, but is a boolean; put it in quotes"),
      Case(["limits": [:]], "limits.memory is missing; add it: Bytes."),
      Case(["limits": 5], "limits must be a map, but is an integer"),
      Case(
        ["rules": [["name": "a"], ["nam": 1], 5]],
        "rules[1].nam is not a field here; did you mean name?",
        "rules[1].name is missing; add it: Its name.", "rules[2] must be a map, but is an integer"),
      Case(
        ["ports": ["a": [1, 10], "b": 5]], "ports.a[1] must be between 1 and 9",
        "ports.b must be a list of integer, but is an integer"),
      Case(
        ["patch": 1, "zzzzzz": 2], "patch is not a field here; did you mean path?",
        """
        zzzzzz is not a field here; the fields are path, mode, type, port, nice, top, ratio, \
        on, wait, names, env, limits, rules, ports
        """
      ),
    ])
  func check(_ test: Case) {
    let found = Self.schema.violations(in: test.spec).map { violation in
      violation.message + (violation.remedy.map { "; \($0)" } ?? "")
    }
    #expect(found == test.messages)
  }

  @Test("a spec that is no map at all is refused; one that is absent misses its required fields")
  func notAMap() {
    #expect(
      Self.schema.violations(in: "x").map(\.message) == ["spec must be a map, but is a string"])
    #expect(Self.schema.violations(in: nil).map(\.message) == ["path is missing"])
    #expect(
      Self.schema.violations(in: [], subject: "document").map(\.message) == [
        "document must be a map, but is a list"
      ])
  }

  @Test("T09: after a thousand mistakes the last one says that there are more")
  func many() {
    let spec = Value.map(.init((0..<100_000).map { .init(key: "x\($0)", value: 1) }))
    let found = Self.schema.violations(in: spec)
    #expect(found.count == 1001)
    #expect(found.last?.code == .limit)
    #expect(found.last?.message == "spec has more mistakes than these")
  }

  @Test("no message quotes a value, since any may be a secret")
  func secrets() {
    let secret = "hunter2"
    var spec = Value.Fields()
    for field in Self.schema.fields {
      spec[field.name] = .map(.init([.init(key: "x", value: .string(secret))]))
    }
    for value in [
      .map(spec), .list([.string(secret)]), ["type": .string(secret), "wait": .string(secret)],
    ] as [Value] {
      let found = Self.schema.violations(in: value)
      #expect(!found.isEmpty)
      for violation in found { #expect(!"\(violation)".contains(secret)) }
    }
  }

  @Test("a field is found by its path")
  func field() {
    #expect(Self.schema.field(at: "limits.memory")?.summary == "Bytes.")
    #expect(Self.schema.field(at: "rules.name")?.isRequired == true)
    #expect(Self.schema.field(at: "limits.none") == nil)
    #expect(Self.schema.field(at: "") == nil)
  }

  @Test(
    "the nearest name is found, or none",
    arguments: [
      ("mdoe", "mode"), ("MODE", "mode"), ("modee", "mode"), ("content-type", "contentType"),
      ("zz", nil),
      ("", nil), ("owners", "owner"),
    ])
  func near(name: String, expected: String?) {
    #expect(nearest(to: name, among: ["mode", "owner", "contentType"]) == expected)
  }
}
