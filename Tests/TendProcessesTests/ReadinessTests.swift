import CTendProcesses
import Foundation
import Synchronization
import Tend
import TestSupport
import Testing

@testable import TendProcesses

@Suite("a process is ready when it works", .serialized)
struct ReadinessTests {
  static let fast: [Value.Fields.Entry] = [.init(key: "interval", value: "20ms")]

  private func readiness(_ method: String, _ value: Value, deadline: String = "60s") -> Value {
    [
      "readiness": .map(
        .init(
          Self.fast + [
            .init(key: method, value: value), .init(key: "deadline", value: .string(deadline)),
          ]))
    ]
  }

  @Test("by a connection, and by an answer to GET; until then it is said what is wrong")
  func network() async throws {
    try await onStage { stage in
      let server = try HTTPServer()
      defer { server.close() }
      server.status = 503
      let http = try stage.shell(
        "http", "exec sleep 1000",
        readiness("http", ["url": .string("http://127.0.0.1:\(server.port)/health")]))
      try await stage.reconcile(http)
      let report = try await stage.wait(http, for: "an answer") {
        $0.processes.first?.problem != nil
      }
      #expect(report.processes.first?.problem == "answered with status 503")
      let state = try #require(try await stage.observe(http))
      guard case .progressing = try await stage.provider.health(of: state, as: http, stage.context)
      else { throw ProgramFailed(description: "it can't be ready") }
      server.status = 204
      _ = try await stage.process(http)
      let tcp = try stage.shell(
        "tcp", "exec sleep 1000",
        readiness("tcp", ["address": .string("localhost:\(server.port)")]))
      try await stage.reconcile(tcp)
      _ = try await stage.process(tcp)
    }
  }

  @Test("who answers at length may say it all, and is not cut off")
  func longAnswer() async throws {
    try await onStage { stage in
      let other = try HTTPServer()
      let port = other.port
      other.close()
      let server = """
        import socket
        s = socket.create_server(("127.0.0.1", \(port)))
        c = s.accept()[0]
        try:
          c.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n" + b"x" * 500000)
          c.shutdown(socket.SHUT_WR)
          while c.recv(4096): pass
          print("whole", flush=True)
        except OSError:
          print("cut", flush=True)
        while True: c = s.accept()[0]
        """
      let spec = try stage.declare(
        "long",
        .map(
          .init([
            .init(key: "command", value: ["/usr/bin/python3", "-c", .string(server)]),
            .init(
              key: "readiness",
              value: [
                "http": ["url": .string("http://127.0.0.1:\(port)/")], "interval": "20ms",
                "timeout": "10s",
              ]),
          ])))
      try await stage.reconcile(spec)
      _ = try await stage.process(spec)
      let isTold = await eventually { (try? stage.lines(spec))?.isEmpty == false }
      #expect(isTold)
      #expect(try stage.lines(spec) == ["whole"])
    }
  }

  @Test("by a command, and by a line that it prints")
  func commandAndLog() async throws {
    try await onStage { stage in
      let file = stage.folder.path("flag")
      let exec = try stage.shell(
        "exec", "exec sleep 1000",
        readiness("exec", ["command": ["/usr/bin/test", "-e", .string(file)]]))
      try await stage.reconcile(exec)
      let report = try await stage.wait(exec, for: "an answer") {
        $0.processes.first?.problem != nil
      }
      #expect(report.processes.first?.problem == "the command exited with status 1")
      try stage.folder.write("", to: "flag")
      _ = try await stage.process(exec)
      let log = try stage.shell(
        "log", "echo starting; sleep 0.1; echo now listening on port 80; exec sleep 1000",
        readiness("log", ["pattern": "listening*80"]))
      try await stage.reconcile(log)
      #expect(try stage.report(log)?.processes.first?.isReady == false)
      _ = try await stage.process(log)
    }
  }

  @Test("by its own word, which only itself may give; STATUS is shown")
  func notify() async throws {
    try await onStage { stage in
      let spec = try stage.declare(
        "notify",
        [
          "command": [
            "/usr/bin/env", "python3", "-c",
            """
            import os, socket, time
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            name = os.environ["NOTIFY_SOCKET"]
            print(name, flush=True)
            while not os.path.exists(os.environ["FLAG"]): time.sleep(0.01)
            s.sendto(b"READY=1\\nSTATUS=serving 3 things", "\\0" + name[1:])
            time.sleep(1000)
            """,
          ],
          "environment": [
            "FLAG": .string(stage.folder.path("flag")),
            "PATH": .string(ProcessInfo.processInfo.environment["PATH"] ?? ""),
          ],
          "readiness": ["notify": true],
        ])
      try await stage.reconcile(spec)
      _ = await eventually { (try? stage.lines(spec))?.isEmpty == false }
      let name = try #require(try stage.lines(spec).first)
      #expect(tend_send_notice(String(name.dropFirst()), "READY=1") == 0)
      try await Task.sleep(for: .milliseconds(50))
      #expect(try stage.report(spec)?.processes.first?.isReady == false, "a stranger said it")
      try stage.folder.write("", to: "flag")
      _ = try await stage.process(spec)
      #expect(try stage.report(spec)?.processes.first?.statusText == "serving 3 things")
    }
  }

  @Test("one that is not ready in time is degraded, with its last lines")
  func late() async throws {
    try await onStage { stage in
      let spec = try stage.shell(
        "late", "echo can not bind; exec sleep 1000",
        readiness("log", ["pattern": "ready"], deadline: "100ms"))
      try await stage.reconcile(spec)
      try await stage.wait(spec, for: "lateness") { $0.processes.first?.isLate == true }
      let state = try #require(try await stage.observe(spec))
      guard
        case .degraded(let why) = try await stage.provider.health(
          of: state, as: spec, stage.context)
      else { throw ProgramFailed(description: "it can't be fine") }
      #expect(why.contains("not ready in time") && why.contains("can not bind"), "\(why)")
    }
  }

  @Test("one that stops answering is ended and started again")
  func liveness() async throws {
    try await onStage { stage in
      try stage.folder.write("", to: "flag")
      let spec = try stage.shell(
        "live", "exec sleep 1000",
        [
          "liveness": [
            "exec": ["command": ["/usr/bin/test", "-e", .string(stage.folder.path("flag"))]],
            "interval": "20ms", "failureThreshold": 2,
          ]
        ])
      try await stage.reconcile(spec)
      _ = try await stage.process(spec)
      try stage.folder.remove("flag")
      // The new one does not answer either, so it may be gone again by now.
      let report = try await stage.wait(spec, for: "restart") {
        ($0.processes.first?.restarts ?? 0) > 0
      }
      #expect(report.processes.first?.lastExit == .signal(15))
      let reason = "its liveness failed 2 times: the command exited with status 1"
      #expect(report.processes.first?.exitReason == reason)
    }
  }

  @Test("a crash loop is degraded with its count, its last exit and its last lines")
  func crashLoop() async throws {
    try await onStage { stage in
      let spec = try stage.shell(
        "loop", "echo out of luck; exit 3",
        ["restart": ["initialDelay": "10ms", "maximumDelay": "20ms"]])
      try await stage.reconcile(spec)
      try await stage.wait(spec, for: "loop") { ($0.processes.first?.failures ?? 0) >= 4 }
      let state = try #require(try await stage.observe(spec))
      guard
        case .degraded(let why) = try await stage.provider.health(
          of: state, as: spec, stage.context)
      else { throw ProgramFailed(description: "it can't be fine") }
      #expect(why.contains("crash loop") && why.contains("status 3"), "\(why)")
      #expect(why.contains("; its last lines: out of luck | out of luck"), "\(why)")
      #expect(!why.contains("tend:"), "only what it printed itself")
      let fixed = try stage.shell("loop", "exec sleep 1000")
      try await stage.reconcile(fixed)
      _ = try await stage.process(fixed)
    }
  }
}

/// Answers every GET with one status.
final class HTTPServer: Sendable {
  private let listener: Int32
  let port: UInt16
  private let answer = Atomic<Int>(200)

  var status: Int {
    get { answer.load(ordering: .relaxed) }
    set { answer.store(newValue, ordering: .relaxed) }
  }

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, size) == 0 && listen(listener, 64) == 0
          && getsockname(listener, address, &size) == 0
      }
    }
    try #require(isBound)
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in serve() }
  }

  private func serve() {
    while true {
      let client = accept(listener, nil, nil)
      if client < 0 { return }
      var request = [UInt8](repeating: 0, count: 4096)
      _ = recv(client, &request, request.count, 0)
      let answer = Array("HTTP/1.1 \(status) Fine\r\nContent-Length: 0\r\n\r\n".utf8)
      _ = send(client, answer, answer.count, Int32(MSG_NOSIGNAL))
      shutdown(client, Int32(SHUT_RDWR))
      FileHandle(fileDescriptor: client, closeOnDealloc: true).closeFile()
    }
  }

  func close() {
    shutdown(listener, Int32(SHUT_RDWR))
    FileHandle(fileDescriptor: listener, closeOnDealloc: true).closeFile()
  }
}
