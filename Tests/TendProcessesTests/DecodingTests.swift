import Tend
import Testing

@testable import TendProcesses

/// Finds the places of fields by their paths: the column is the length of the path.
struct PathPlaces: PlaceFinder {
  func place(of path: FieldPath) -> Place? {
    Place(file: path.description, line: 1, column: 1)
  }
}

func decode(_ spec: Value) throws(Diagnostics) -> ProcessSpec {
  let provider = ProcessProvider()
  let declaration = Declaration(
    Reference(kind: "processes/v1 Process", name: "web"), spec: spec,
    at: Place(file: "p.yaml", line: 1, column: 1), places: PathPlaces()
  ).reading(Premises(NoFiles(), unit: "host"))
  guard let kind = provider.kinds.first else { throw Diagnostics() }
  let violations = kind.schema.diagnostics(for: declaration)
  if !violations.isEmpty { throw Diagnostics(violations) }
  return try kind.decode(declaration)
}

@Suite("a declaration of a process is refused where it can't be meant")
struct DecodingTests {
  struct Refusal: CustomTestStringConvertible, Sendable {
    let reason: String
    let field: String
    let message: String
    let spec: Value

    init(_ reason: String, at field: String, _ message: String, _ fields: Value) {
      (self.reason, self.field, self.message) = (reason, field, message)
      var all: Value.Fields = .init([.init(key: "command", value: ["/bin/true"])])
      if case .map(let fields) = fields {
        for entry in fields.entries { all[entry.key] = entry.value }
      }
      spec = .map(all)
    }

    var testDescription: String { reason }
  }

  static let refusals = [
    Refusal("no program", at: "command", "command is empty", ["command": []]),
    Refusal(
      "a relative program", at: "command[0]", "is not an absolute path", ["command": ["python3"]]),
    Refusal(
      "a NUL in an argument", at: "command[1]", "contains a NUL", ["command": ["/bin/x", "a\0b"]]),
    Refusal(
      "a command of 70 KiB", at: "command", "longer than 64 KiB",
      ["command": ["/bin/x", .string(String(repeating: "x", count: 70_000))]]),
    Refusal(
      "a relative directory", at: "directory", "is not an absolute path", ["directory": "web"]),
    Refusal(
      "a number in the environment", at: "environment.PORT", "must be a string",
      ["environment": ["PORT": 80]]),
    Refusal(
      "a name with =", at: "environment.A=B", "is no name of a variable",
      ["environment": ["A=B": "c"]]),
    Refusal(
      "a secret in two places", at: "environment.TOKEN", "say where a secret is",
      ["environment": ["TOKEN": ["file": "/a", "environment": "B"]]]),
    Refusal(
      "a secret in a relative file", at: "environment.TOKEN.file", "is not an absolute path",
      ["environment": ["TOKEN": ["file": "token"]]]),
    Refusal("a user that can't be", at: "user", "neither a name nor a number", ["user": "a:b"]),
    Refusal(
      "a negative delay", at: "restart.initialDelay", "must be a duration",
      ["restart": ["initialDelay": "-1s"]]),
    Refusal(
      "delays the wrong way round", at: "restart.maximumDelay", "is below initialDelay",
      ["restart": ["initialDelay": "2s", "maximumDelay": "1s"]]),
    Refusal(
      "a first delay above the usual longest", at: "restart.initialDelay", "above maximumDelay",
      ["restart": ["initialDelay": "5m"]]),
    Refusal(
      "no such policy", at: "restart.policy", "must be one of always, onFailure, never",
      ["restart": ["policy": "sometimes"]]),
    Refusal(
      "no such signal", at: "stop[0].signal", "is no signal", ["stop": [["signal": "TREM"]]]),
    Refusal("no step", at: "stop", "is empty", ["stop": []]),
    Refusal(
      "no such signal to reload", at: "reloadOn.signal", "is no signal",
      ["reloadOn": ["resources": [], "signal": "1"]]),
    Refusal(
      "more unavailable than there are", at: "rollout.maximumUnavailable", "is above replicas",
      ["replicas": 2, "rollout": ["maximumUnavailable": 3]]),
    Refusal(
      "a rollout that can't move", at: "rollout.maximumUnavailable", "nothing could be replaced",
      ["rollout": ["maximumUnavailable": 0]]),
    Refusal("no replicas", at: "replicas", "must be", ["replicas": 0]),
    Refusal(
      "an amount in words", at: "limits.memory", "is not an amount",
      ["limits": ["memory": "much"]]),
    Refusal(
      "an amount that overflows", at: "limits.memory", "is not an amount",
      ["limits": ["memory": "9999999999999Ti"]]),
    Refusal(
      "no processor", at: "limits.cpu", "is not a share of processors", ["limits": ["cpu": 0.0]]),
    Refusal(
      "a negative share", at: "limits.cpu", "is not a share of processors",
      ["limits": ["cpu": -3]]),
    Refusal(
      "a log of some bytes", at: "logs.maximumSize", "is not an amount",
      ["logs": ["maximumSize": "100"]]),
    Refusal("nothing is asked", at: "readiness", "says not what is asked", ["readiness": [:]]),
    Refusal(
      "two questions", at: "readiness", "asks tcp and notify",
      ["readiness": ["tcp": ["address": "localhost:1"], "notify": true]]),
    Refusal(
      "an address elsewhere", at: "readiness.tcp.address", "is not localhost or an IP address",
      ["readiness": ["tcp": ["address": "db.example:5432"]]]),
    Refusal(
      "https", at: "readiness.http.url", "begins with http://",
      ["readiness": ["http": ["url": "https://localhost/"]]]),
    Refusal(
      "a line break in a URL", at: "liveness.http.url", "begins with http://",
      ["liveness": ["http": ["url": "http://localhost/\r\nHost: x"]]]),
    Refusal(
      "a pattern for every line", at: "readiness.log.pattern", "matches every line",
      ["readiness": ["log": ["pattern": "**"]]]),
    Refusal(
      "too many questions", at: "liveness.interval", "is below 10ms",
      ["liveness": ["exec": ["command": ["/bin/true"]], "interval": "1ms"]]),
    Refusal(
      "a probe by a relative program", at: "liveness.exec.command[0]", "is not an absolute path",
      ["liveness": ["exec": ["command": ["true"]]]]),
    Refusal("a field that is not there", at: "cmd", "is not a field here", ["cmd": 1]),
  ]

  @Test("each with the place of the field", arguments: refusals)
  func refused(_ row: Refusal) throws {
    let diagnostics = try #require(throws: Diagnostics.self) { _ = try decode(row.spec) }
    let first = try #require(diagnostics.all.first)
    #expect(first.message.contains(row.message), "\(first.message)")
    #expect(first.remedy?.isEmpty != true)
    let path = FieldPath(
      [.key("spec")]
        + row.field.split(separator: ".").flatMap { part in
          FieldPath(String(part))?.steps ?? []
        })
    #expect(first.place?.file == path.description || row.field.contains("="), "\(first)")
  }

  @Test("all fields of the example are read")
  func complete() throws {
    let spec = try decode([
      "command": ["/usr/bin/python3", "-m", "http.server", "808{replica}"],
      "directory": "/srv/web",
      "environment": ["TZ": "UTC", "TOKEN": ["file": "/run/token"]],
      "user": "www-data", "group": "www-data",
      "restart": [
        "policy": "onFailure", "initialDelay": "200ms", "maximumDelay": "10s", "stableAfter": "5s",
      ],
      "restartOn": ["File/web-conf"],
      "reloadOn": ["resources": ["File/a"], "signal": "SIGUSR1"],
      "readiness": [
        "http": ["url": "http://[::1]:808{replica}/health"], "interval": "200ms", "timeout": "1s",
        "deadline": "30s",
      ],
      "liveness": ["exec": ["command": ["/usr/bin/true"]], "failureThreshold": 2],
      "stop": [["signal": "INT", "wait": "3s"], ["signal": "KILL"]],
      "limits": ["openFiles": 4096, "processes": 100, "memory": "256Mi", "cpu": 0.5],
      "logs": ["maximumSize": "1Mi", "keep": 2],
      "replicas": 2, "rollout": ["maximumUnavailable": 1, "maximumSurge": 1],
      "rerunOnBoot": true,
    ])
    #expect(spec.id == "host/web")
    let declared = spec.declared
    #expect(declared.environment.last?.content == .secret(.file("/run/token")))
    #expect(declared.openFiles == 4096)
    let care = declared.care
    #expect(
      care.restart
        == RestartPolicy(
          rule: .onFailure, initialDelay: 200_000_000, maximumDelay: 10_000_000_000,
          stableAfter: 5_000_000_000))
    #expect(care.reloadSignal == Signal("USR1"))
    #expect(care.readiness?.method == .http(host: "::1", port: "808{replica}", path: "/health"))
    #expect(care.liveness?.failureThreshold == 2)
    #expect(care.stop.steps.map(\.signal.description) == ["INT", "KILL"])
    #expect(care.limits == ResourceLimits(memory: 256 << 20, processes: 100, cpu: 500))
    #expect(care.logs == LogLimits(maximumSize: 1 << 20, keep: 2))
    #expect(care.rollout == Rollout(maximumUnavailable: 1, maximumSurge: 1))
    #expect(declared.rerunsOnBoot)
  }

  @Test(
    "T10: no value of any field makes the decoder trap", arguments: ProcessSchema.process.fields)
  func anyValue(_ field: Schema.Field) {
    let values: [Value] = [
      .null, "", [], [:], 0, -1, .integer(.max), .integer(.min), .number(.greatestFiniteMagnitude),
      true, "x", [.null], ["a": .null], [["signal": "KILL", "wait": "36500d"]],
      ["cpu": .number(1e300)], ["cpu": .integer(.max)], ["maximumUnavailable": .integer(.max)],
      ["memory": "8388608Ti"], ["http": ["url": "http://"]], ["tcp": ["address": "[::1"]],
      ["tcp": ["address": ":"]], ["http": ["url": "http://[]:/"]],
    ]
    for value in values {
      var fields = Value.Fields([
        .init(key: "command", value: ["/bin/true"]), .init(key: "replicas", value: 3),
      ])
      fields[field.name] = value
      _ = try? decode(.map(fields))
    }
  }
}
