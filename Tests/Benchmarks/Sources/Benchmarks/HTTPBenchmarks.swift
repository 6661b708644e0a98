import Foundation
import Tend
import TendEngine

/// What objects of services cost that are reached over HTTP.
enum HTTPBenchmarks {
  static let all = [observe, list, create, rate, memory]

  /// Connections at once: the usual limit of an API, and what the rivals may have too.
  private static let connections = 8

  private static func count(_ percent: Double) -> Int { max(100, Int(100 * percent)) }

  // MARK: One by one

  static let observe = Benchmark(
    name: "H-observe", what: "no-op observation of 10,000 objects one by one, against nginx",
    rival: .init(isInstalled: { Program.isInstalled("curl") }, run: ask),
    needs: [WebServer.program],
    figures: [
      .rate(ratio: 1), .init(name: "cpu_us", unit: .microseconds), .rate("wrk"),
    ]
  ) { percent in
    let count = count(percent)
    let server = try WebServer(items: count)
    defer { server.end() }
    let items = try Items(count, at: server.url(""))
    let seconds = percent < 50 ? 1.0 : 5
    return try await items.kept(every: .milliseconds(1)) { engine in
      try await Task.sleep(for: .seconds(1))
      let begin = (wall: Measure.now(), cpu: Measure.cpu(), runs: engine.runs)
      try await Task.sleep(for: .seconds(seconds))
      let runs = Double(engine.runs - begin.runs)
      let wall = Double(Measure.now() - begin.wall) / 1e9
      return ["rate": runs / wall, "cpu_us": (Measure.cpu() - begin.cpu) / 1e3 / runs]
    }
  }

  /// curl asks for the same URLs over as many connections; wrk for one of them, for the scale.
  @Sendable
  private static func ask(_ percent: Double) async throws -> [String: Double] {
    let count = count(percent)
    let server = try WebServer(items: count)
    defer { server.end() }
    let path = FileManager.default.temporaryDirectory.path() + "/curl-\(getpid())"
    defer { unlink(path) }
    try (0..<count).map { "url = \"\(server.url("/items/i\($0)"))\"\noutput = \"/dev/null\"\n" }
      .joined().write(toFile: path, atomically: true, encoding: .utf8)
    let usage = try Command.run(
      "curl",
      ["--no-progress-meter", "--fail", "--parallel", "--parallel-max", "\(connections)"]
        + ["--config", path])
    var figures = [
      "rate": Double(count) / usage.wall * 1e9, "cpu_us": usage.cpu / 1e3 / Double(count),
    ]
    if Program.isInstalled("wrk") {
      let text = try Program.output(
        "/usr/bin/env",
        ["wrk", "-t1", "-c\(connections)", "-d2s", server.url("/items/i1")])
      let line = text.split(separator: "\n").first { $0.hasPrefix("Requests/sec:") }
      figures["wrk"] = line?.split(separator: " ").last.flatMap { Double($0) }
    }
    return figures
  }

  // MARK: By a list

  static let list = Benchmark(
    name: "H-list", what: "no-op of 10,000 objects of one listed type, beside one GET of the list",
    rival: .init(isInstalled: { Program.isInstalled("curl") }, run: fetch),
    needs: [WebServer.program],
    figures: [
      .init(name: "wall_ms", unit: .milliseconds, ratioAim: 3),
      .init(name: "cpu_ms", unit: .milliseconds), .init(name: "requests", unit: .count, aim: 20),
      .init(name: "resync_requests", unit: .count, aim: 20),
    ]
  ) { percent in
    let count = count(percent)
    let server = try WebServer(items: count, countsRequests: true)
    defer { server.end() }
    let items = try Items(
      count, at: server.url(""), type: "list: {path: /items, match: {/name: \"{name}\"}}")
    let isShort = percent < 50
    let interval = isShort ? 1.0 : 20
    return try await items.kept(every: .seconds(interval)) { engine in
      var figures = try await looks(engine, count, server, times: isShort ? 1 : 5)
      // From one look at each to the next, whenever the engine takes it.
      let begin = (runs: engine.runs, requests: try server.requests().count)
      var looks = 0.0
      for _ in 0..<10 where looks <= 1 {
        try await Task.sleep(for: .seconds(2 * interval))
        looks = Double(engine.runs - begin.runs) / Double(count)
      }
      guard looks > 1 else { throw Program.Failure(description: "there was no resync") }
      let requests = Double(try server.requests().count - begin.requests)
      figures["resync_requests"] = requests / looks
      return figures
    }
  }

  /// Has all looked at some times, each time by a list that is new.
  private static func looks(
    _ engine: Engine, _ count: Int, _ server: WebServer, times: Int
  ) async throws -> [String: Double] {
    var (walls, cpus, requests): ([Double], [Double], [Double]) = ([], [], [])
    for _ in 0..<times {
      // A list is good for two seconds.
      try await Task.sleep(for: .milliseconds(2500))
      let sent = try server.requests().count
      let begin = (wall: Measure.now(), cpu: Measure.cpu(), runs: engine.runs)
      try engine.reconcile()
      while engine.runs - begin.runs < count { try await Task.sleep(for: .microseconds(500)) }
      walls.append(Double(Measure.now() - begin.wall) / 1e6)
      cpus.append((Measure.cpu() - begin.cpu) / 1e6)
      requests.append(Double(try server.requests().count - sent))
    }
    return [
      "wall_ms": Measure.median(walls), "cpu_ms": Measure.median(cpus),
      "requests": Measure.median(requests),
    ]
  }

  @Sendable
  private static func fetch(_ percent: Double) async throws -> [String: Double] {
    let server = try WebServer(items: count(percent))
    defer { server.end() }
    let usages = try (0..<5).map { _ in try curl(["--fail", server.url("/items")]) }
    return [
      "wall_ms": Measure.median(usages.map { $0.wall / 1e6 }),
      "cpu_ms": Measure.median(usages.map { $0.cpu / 1e6 }),
    ]
  }

  // MARK: Creation

  static let create = Benchmark(
    name: "H-create", what: "tend apply of 1,000 queues that are not there, on RabbitMQ",
    rival: .init(isInstalled: Broker.hasRequests) { percent in
      guard let peers = ProcessInfo.processInfo.environment["PEERS"] else { return [:] }
      return try Broker.whileRunning { broker in
        let count = "\(Int(10 * max(1, percent)))"
        return try Command.run(
          "python3", ["\(peers)/queues.py", broker.url(""), count, "\(connections)"]
        ).figures
      }
    },
    needs: [Broker.program],
    figures: [
      .init(name: "wall_ms", unit: .milliseconds, ratioAim: 1),
      .init(name: "cpu_ms", unit: .milliseconds),
    ]
  ) { percent in
    try Broker.whileRunning { broker in
      let queues = try broker.queues(Int(10 * max(1, percent)))
      return try Command.tend(["apply"] + queues.arguments + ["--yes"]).figures
    }
  }

  // MARK: A limit

  static let rate = Benchmark(
    name: "H-rate", what: "a limit of 50 requests a second over 20 s, as nginx sees them",
    needs: [WebServer.program],
    figures: [
      .init(name: "most", unit: .count, aim: 51),
      .init(name: "mean", unit: .count, risesWithQuality: true, aim: 49),
    ]
  ) { percent in
    let server = try WebServer(items: 1, countsRequests: true)
    defer { server.end() }
    let items = try Items(100, at: server.url(""), api: "limits: {requestsPerSecond: 50}")
    let seconds = percent < 50 ? 3 : 20
    return try await items.kept(every: .milliseconds(1)) { _ in
      let first = try server.requests().count
      try await Task.sleep(for: .seconds(seconds))
      let moments = try Array(server.requests().dropFirst(first))
      guard let begin = moments.first, let end = moments.last, end > begin else {
        throw Program.Failure(description: "nothing was asked")
      }
      var (most, oldest) = (0, 0)
      for (position, moment) in moments.enumerated() {
        while moments[oldest] <= moment - 1000 { oldest += 1 }
        most = max(most, position - oldest + 1)
      }
      let mean = Double(moments.count - 1) / (Double(end - begin) / 1e3)
      return ["most": Double(most), "mean": mean]
    }
  }

  // MARK: Memory

  static let memory = Benchmark(
    name: "H-memory", what: "tend agent with 10,000 objects at rest, one by one and by a list",
    needs: [WebServer.program],
    figures: [
      .init(name: "memory", unit: .bytes, aim: 100 * 1_048_576),
      .init(name: "listed", unit: .bytes, aim: 100 * 1_048_576),
    ]
  ) { percent in
    let count = count(percent)
    let server = try WebServer(items: count)
    defer { server.end() }
    var figures: [String: Double] = [:]
    for (name, type) in [
      ("memory", ""), ("listed", "list: {path: /items, match: {/name: \"{name}\"}}"),
    ] {
      let items = try Items(count, at: server.url(""), type: type)
      figures[name] = try await items.kept { agent in
        // Two resync intervals.
        try await Task.sleep(for: .seconds(percent < 50 ? 1 : 32))
        return try Processes.memory(of: agent)
      }
    }
    return figures
  }
}
