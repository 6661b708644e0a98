internal import Tend

extension ProcessSpec {
  /// Reads a `Process`.
  static func process(_ declaration: Declaration) throws(Diagnostics) -> ProcessSpec {
    let fields = try Fields.read(declaration.spec) { declaration.place(of: $0) }
    return ProcessSpec(id: "\(declaration.unit)/\(declaration.reference.name)", fields)
  }
}

extension ProcessSpec.Fields {
  /// Reads a spec; `place` says where a field stands.
  static func read(
    _ spec: Value, place: @escaping (String) -> Place? = { _ in nil }
  ) throws(Diagnostics) -> ProcessSpec.Fields {
    var reader = SpecReader(spec, place: place)
    let fields = ProcessSpec.Fields(
      spec: spec, command: reader.command("command"), directory: reader.directory(),
      environment: reader.environment(), user: reader.principal("user"),
      group: reader.principal("group"), openFiles: reader.integer("limits.openFiles") ?? 0,
      care: reader.care(), restartOn: reader.texts("restartOn"),
      reloadOn: reader.texts("reloadOn.resources"), rerunsOnBoot: reader.flag("rerunOnBoot"))
    guard reader.mistakes.isEmpty else { throw reader.mistakes }
    return fields
  }
}

extension SpecReader {
  /// The kernel's own bound on one argument is 128 KiB (execve(2)); a command rarely nears it.
  private static let longest = 64 << 10

  fileprivate mutating func command(_ field: String) -> [String] {
    let command = texts(field)
    guard let program = command.first else {
      refuse(field, "is empty", remedy: "name a program by its absolute path")
      return ["/"]
    }
    if !program.hasPrefix("/") {
      refuse(
        "\(field)[0]", "is not an absolute path",
        remedy:
          "write where the program lies, such as /usr/bin/\(program.isEmpty ? "true" : program)")
    }
    for (index, word) in command.enumerated() where word.utf8.contains(0) {
      refuse("\(field)[\(index)]", "contains a NUL", remedy: "take the NUL out")
    }
    if command.reduce(0, { $0 + $1.utf8.count + 1 }) > Self.longest {
      refuse(field, "is longer than 64 KiB", remedy: "hand over so much in a file")
    }
    return command
  }

  fileprivate mutating func directory() -> String {
    guard let path = text("directory") else { return "/" }
    if !path.hasPrefix("/") {
      refuse("directory", "is not an absolute path", remedy: "begin it with a slash")
    } else if path.utf8.contains(0) {
      refuse("directory", "contains a NUL", remedy: "take the NUL out")
    }
    return path
  }

  fileprivate mutating func principal(_ field: String) -> String? {
    guard let name = text(field) else { return nil }
    let isName =
      !name.isEmpty && name.utf8.count <= 256
      && !name.utf8.contains { $0 <= 32 || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }
    if !isName {
      refuse(
        field, "is neither a name nor a number of a \(field)",
        remedy: "write it like \"www-data\" or \"33\"")
    }
    return name
  }

  // MARK: Environment

  fileprivate mutating func environment() -> [ProcessSpec.Variable] {
    var variables: [ProcessSpec.Variable] = []
    var size = 0
    for entry in entries("environment") {
      let path = FieldPath([.key("environment"), .key(entry.key)]).description
      let isName =
        !entry.key.isEmpty && !entry.key.utf8.contains { $0 == UInt8(ascii: "=") || $0 == 0 }
      guard isName else {
        refuse(path, "is no name of a variable", remedy: "use letters, digits and underscores")
        continue
      }
      guard let content = content(entry.value, path) else { continue }
      if case .text(let text) = content { size += text.utf8.count }
      variables.append(.init(name: entry.key, content: content))
    }
    if size > Self.longest {
      refuse("environment", "is larger than 64 KiB", remedy: "hand over so much in a file")
    }
    return variables
  }

  private mutating func content(
    _ value: Value, _ path: String
  ) -> ProcessSpec.Variable.Content? {
    switch value {
    case .string(let text):
      if text.utf8.contains(0) { refuse(path, "contains a NUL", remedy: "take the NUL out") }
      return .text(text)
    case .map(let fields):
      guard let entry = fields.entries.first, fields.entries.count == 1,
        case .string(let name) = entry.value, !name.isEmpty
      else { break }
      if entry.key == "environment" { return .secret(.environment(name)) }
      if entry.key == "file" {
        if !name.hasPrefix("/") {
          refuse("\(path).file", "is not an absolute path", remedy: "begin it with a slash")
        }
        return .secret(.file(name))
      }
    default: break
    }
    refuse(
      path, "must be a string, or say where a secret is",
      remedy: "write \"text\", {file: /PATH} or {environment: NAME}")
    return nil
  }

  // MARK: Care

  fileprivate mutating func care() -> Care {
    var care = Care()
    care.replicas = Int(clamping: integer("replicas") ?? 1)
    care.restart = restart()
    care.readiness = probe("readiness", interval: 1_000_000_000)
    care.liveness = probe("liveness", interval: 10_000_000_000)
    care.stop = stop()
    care.limits = limits()
    care.logs = logs()
    care.rollout = rollout(of: care.replicas)
    care.reloadSignal = signal("reloadOn.signal") ?? .hangUp
    return care
  }

  private mutating func restart() -> RestartPolicy {
    var policy = RestartPolicy()
    policy.rule = text("restart.policy").flatMap(RestartPolicy.Rule.init) ?? .always
    policy.initialDelay = duration("restart.initialDelay", default: policy.initialDelay)
    policy.maximumDelay = duration("restart.maximumDelay", default: policy.maximumDelay)
    policy.stableAfter = duration("restart.stableAfter", default: policy.stableAfter)
    if policy.initialDelay > policy.maximumDelay {
      let isWritten = value("restart.maximumDelay") != nil
      refuse(
        isWritten ? "restart.maximumDelay" : "restart.initialDelay",
        isWritten ? "is below initialDelay" : "is above maximumDelay, which is 30s",
        remedy: "make maximumDelay the longer one")
    }
    return policy
  }

  private mutating func signal(_ path: String) -> Signal? {
    guard let name = text(path) else { return nil }
    if let signal = Signal(name) { return signal }
    let names = ["HUP", "INT", "QUIT", "USR1", "USR2", "TERM", "KILL"]
    refuse(
      path, "is no signal", remedy: "the usual ones are \(names.joined(separator: ", "))")
    return nil
  }

  private mutating func stop() -> StopSequence {
    guard case .list(let values)? = value("stop") else { return .standard }
    if values.isEmpty {
      refuse("stop", "is empty", remedy: "name at least one signal, or leave it out")
    }
    let steps = values.indices.map { index in
      StopSequence.Step(
        signal: signal("stop[\(index)].signal") ?? .term,
        wait: duration("stop[\(index)].wait", default: 0))
    }
    return StopSequence(steps: steps)
  }

  private mutating func limits() -> ResourceLimits {
    var limits = ResourceLimits()
    limits.processes = integer("limits.processes")
    limits.memory = quantity("limits.memory", least: 1 << 20)
    switch value("limits.cpu") {
    case .number(let number)?: limits.cpu = Int64(exactly: (number * 1000).rounded())
    case .integer(let number)?: limits.cpu = number > 0 && number < 100_000 ? number * 1000 : 0
    default: break
    }
    if value("limits.cpu") != nil, (limits.cpu ?? 0) < 10 {
      refuse(
        "limits.cpu", "is not a share of processors",
        remedy: "write at least 0.01, such as 0.5 for half of one")
    }
    return limits
  }

  private mutating func quantity(_ path: String, least: Int64) -> Int64? {
    guard let text = text(path) else { return nil }
    if let quantity = Quantity(text), quantity.bytes >= least { return quantity.bytes }
    refuse(
      path, "is not an amount of at least \(least >> 10)Ki",
      remedy: "write it like 64Ki, 10Mi or 1Gi")
    return nil
  }

  private mutating func logs() -> LogLimits {
    var limits = LogLimits()
    limits.maximumSize = quantity("logs.maximumSize", least: 4 << 10) ?? limits.maximumSize
    limits.keep = integer("logs.keep").map { Int(clamping: $0) } ?? limits.keep
    return limits
  }

  private mutating func rollout(of replicas: Int) -> Rollout {
    var rollout = Rollout()
    rollout.maximumUnavailable = Int(clamping: integer("rollout.maximumUnavailable") ?? 1)
    rollout.maximumSurge = Int(clamping: integer("rollout.maximumSurge") ?? 0)
    if rollout.maximumUnavailable > replicas {
      refuse(
        "rollout.maximumUnavailable", "is above replicas, which is \(replicas)",
        remedy: "write at most \(replicas)")
    }
    if rollout.maximumUnavailable == 0, rollout.maximumSurge == 0 {
      refuse(
        "rollout.maximumUnavailable", "is 0 and so is maximumSurge: nothing could be replaced",
        remedy: "make one of them at least 1")
    }
    return rollout
  }

  // MARK: Probes

  private mutating func probe(_ field: String, interval: Int64) -> Probe? {
    guard value(field) != nil else { return nil }
    let given = ["http", "tcp", "exec", "notify", "log"].filter { name in
      value("\(field).\(name)").map { $0 != false } ?? false
    }
    guard let name = given.first, given.count == 1 else {
      refuse(
        field,
        given.isEmpty ? "says not what is asked" : "asks \(given.joined(separator: " and "))",
        remedy: "name one of http, tcp, exec, notify\(field == "readiness" ? ", log" : "")")
      return nil
    }
    guard let method = method(name, "\(field).\(name)") else { return nil }
    var probe = Probe(
      method: method, interval: duration("\(field).interval", default: interval),
      timeout: duration("\(field).timeout", default: 1_000_000_000),
      deadline: field == "readiness" ? duration("readiness.deadline", default: 60_000_000_000) : 0)
    probe.failureThreshold = Int(clamping: integer("\(field).failureThreshold") ?? 3)
    for (part, time) in [("interval", probe.interval), ("timeout", probe.timeout)]
    where time < 10_000_000 {
      refuse("\(field).\(part)", "is below 10ms", remedy: "ask less often")
    }
    return probe
  }

  private mutating func method(_ name: String, _ path: String) -> Probe.Method? {
    switch name {
    case "http": return http("\(path).url")
    case "tcp":
      if let endpoint = Endpoint((text("\(path).address") ?? "")[...]) {
        return .tcp(host: endpoint.host, port: endpoint.port)
      }
      refuse(
        "\(path).address", "is not localhost or an IP address with a port",
        remedy: "write it like 127.0.0.1:8080")
      return nil
    case "exec": return .exec(command("\(path).command"))
    case "log":
      let pattern = text("\(path).pattern") ?? ""
      if pattern.utf8.allSatisfy({ $0 == UInt8(ascii: "*") }) {
        refuse("\(path).pattern", "matches every line", remedy: "name a text that it prints")
      }
      return .log(Pattern(text: pattern))
    default: return .notify
    }
  }

  private mutating func http(_ path: String) -> Probe.Method? {
    let url = text(path) ?? ""
    let scheme = "http://"
    if url.hasPrefix(scheme), !url.utf8.contains(where: { $0 <= 32 || $0 == 127 }) {
      let rest = url.dropFirst(scheme.count)
      let slash = rest.firstIndex(of: "/") ?? rest.endIndex
      let address = rest[..<slash]
      let hasPort = address.hasPrefix("[") ? address.contains("]:") : address.contains(":")
      if let endpoint = Endpoint(hasPort ? address : (address + ":80")[...]) {
        let rest = rest[slash...]
        return .http(
          host: endpoint.host, port: endpoint.port, path: rest.isEmpty ? "/" : String(rest))
      }
    }
    refuse(
      path, "is not an address of this machine that begins with http://",
      remedy: "write it like http://127.0.0.1:8080/health; for anything else use exec")
    return nil
  }
}
