import Foundation

/// RabbitMQ with its management plugin, on loopback, its data in a folder of its own.
struct Broker {
  static let program = "/usr/lib/rabbitmq/bin/rabbitmq-server"

  private let folder: String
  private let port: UInt16

  func url(_ path: String) -> String { "http://127.0.0.1:\(port)/api\(path)" }

  /// Whether the script in Python can run.
  @Sendable
  static func hasRequests() -> Bool {
    Program.isInstalled("python3")
      && (try? Command.run("python3", ["-c", "import requests"], isQuiet: true)) != nil
  }

  /// Queues of its first virtual host, declared by the definitions that are shipped.
  func queues(_ count: Int) throws -> Items {
    setenv("BROKER_PASSWORD", "guest", 1)
    let head = """
      apiVersion: http/v1
      kind: API
      metadata: {name: rabbitmq}
      spec:
        url: \(url(""))
        authentication: {basic: {username: guest, password: {fromEnvironment: BROKER_PASSWORD}}}
        health: {path: /overview}
      ---

      """
    return try Items(count, head + Self.definitions()) { number in
      "apiVersion: rabbitmq/v1\nkind: Queue\nmetadata: {name: q\(number)}\n"
        + "spec: {name: q\(number)}\n"
    }
  }

  private static func definitions() throws -> String {
    let root = URL(fileURLWithPath: #filePath).pathComponents.prefix { $0 != "Tests" }
      .joined(separator: "/").dropFirst()
    return try String(
      contentsOfFile: root + "/Plugins/TendHTTP/Definitions/rabbitmq.yaml", encoding: .utf8)
  }

  /// A broker while the body runs.
  static func whileRunning<Answer>(_ body: (Broker) throws -> Answer) throws -> Answer {
    let broker = Broker(
      folder: FileManager.default.temporaryDirectory.path() + "/rabbitmq-\(getpid())",
      port: try WebServer.freePort())
    try broker.prepare()
    defer { try? FileManager.default.removeItem(atPath: broker.folder) }
    // The port mapper is started first, so that none is left behind.
    let mapper = try Command.begin("epmd", ["-address", "127.0.0.1"], isQuiet: true)
    defer { end(mapper) }
    let script = try Command.begin(program, [], isQuiet: true)
    defer {
      broker.stop()
      end(script)
    }
    try WebServer.wait(for: "the broker") {
      (try? curl(["--fail", "--user", "guest:guest", broker.url("/overview")])) != nil
    }
    return try body(broker)
  }

  private static func end(_ process: pid_t) {
    kill(process, SIGTERM)
    waitpid(process, nil, 0)
  }

  /// Its own process is a child of the script that was started.
  private func stop() {
    let text = try? String(contentsOfFile: folder + "/pid", encoding: .utf8)
    guard let process = Int32(text?.split(whereSeparator: \.isNewline).first ?? "") else { return }
    kill(process, SIGTERM)
    try? WebServer.wait(for: "the end of the broker") { kill(process, 0) != 0 }
  }

  /// Its configuration, and the variables by which it finds it.
  private func prepare() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try "[rabbitmq_management].\n".write(
      toFile: folder + "/plugins", atomically: true, encoding: .utf8)
    try """
    listeners.tcp.1 = 127.0.0.1:\(WebServer.freePort())
    management.tcp.ip = 127.0.0.1
    management.tcp.port = \(port)
    log.console = false

    """.write(toFile: folder + "/rabbitmq.conf", atomically: true, encoding: .utf8)
    for (name, value) in [
      ("HOME", folder), ("ERL_EPMD_PORT", "\(try WebServer.freePort())"),
      ("ERL_EPMD_ADDRESS", "127.0.0.1"), ("RABBITMQ_NODENAME", "tend\(port)@localhost"),
      ("RABBITMQ_MNESIA_BASE", folder + "/mnesia"), ("RABBITMQ_LOG_BASE", folder + "/log"),
      ("RABBITMQ_CONFIG_FILE", folder + "/rabbitmq.conf"),
      ("RABBITMQ_ENABLED_PLUGINS_FILE", folder + "/plugins"),
      ("RABBITMQ_GENERATED_CONFIG_DIR", folder + "/generated"),
      ("RABBITMQ_PID_FILE", folder + "/pid"), ("RABBITMQ_CONF_ENV_FILE", "/dev/null"),
      ("RABBITMQ_DIST_PORT", "\(try WebServer.freePort())"),
      (
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
        "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none"
      ),
    ] { setenv(name, value, 1) }
  }
}
