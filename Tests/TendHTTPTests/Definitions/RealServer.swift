import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A server of Debian's packages, on loopback, with its data in a folder of its own.
struct RealServer: Sendable {
  let folder: TemporaryFolder
  let port: UInt16
  /// Where it speaks TLS, if at all.
  var securePort: UInt16 = 0

  /// The URL of something in it.
  func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

  /// What curl prints for a request.
  @discardableResult
  func curl(_ method: String, _ path: String, _ body: String? = nil) async throws -> String {
    try await run(
      "curl",
      ["--silent", "--show-error", "--user", "guest:guest", "--request", method]
        + ["--header", "content-type: application/json", "--output", "-", url(path)]
        + (body.map { ["--data", $0] } ?? []))
  }

  private func isUp(_ path: String) async -> Bool {
    let status = try? await run(
      "curl",
      ["--silent", "--user", "guest:guest", "--output", "/dev/null", "--write-out", "%{http_code}"]
        + [url(path)])
    return status == "200"
  }

  // MARK: RabbitMQ

  static var hasBroker: Bool {
    FileManager.default.isExecutableFile(atPath: "/usr/lib/rabbitmq/bin/rabbitmq-server")
  }

  /// A broker with its management plugin, while the body runs.
  static func broker(_ body: @escaping @Sendable (RealServer) async throws -> Void) async throws {
    let server = RealServer(folder: try TemporaryFolder("rabbitmq"), port: try freePort())
    try server.folder.write("[rabbitmq_management].\n", to: "plugins")
    try server.folder.write(
      """
      listeners.tcp.1 = 127.0.0.1:\(try freePort())
      management.tcp.ip = 127.0.0.1
      management.tcp.port = \(server.port)
      log.console = false

      """, to: "rabbitmq.conf")
    let environment = try server.brokerEnvironment()
    // The port mapper is started first, so that none is left behind.
    try await server.whileRunning("epmd", ["-address", "127.0.0.1"], environment) {
      try await server.whileRunning(
        "/usr/lib/rabbitmq/bin/rabbitmq-server", [], environment
      ) {
        let result: Result<Void, any Error>
        do {
          try await eventually("the broker answers") { await server.isUp("/api/overview") }
          result = .success(try await body(server))
        } catch { result = .failure(error) }
        // Its own process is a child of the script that was started.
        try await server.endBroker()
        try result.get()
      }
    }
  }

  private func endBroker() async throws {
    let text = try String(contentsOfFile: folder.path("pid"), encoding: .utf8)
    guard let process = Int32(text.split(whereSeparator: \.isNewline).first ?? "") else { return }
    kill(process, SIGTERM)
    try await eventually("the broker ends") { kill(process, 0) != 0 }
  }

  private func brokerEnvironment() throws -> Environment {
    .inherit.updating([
      "HOME": folder.path, "ERL_EPMD_PORT": "\(try freePort())", "ERL_EPMD_ADDRESS": "127.0.0.1",
      "RABBITMQ_NODENAME": "tend\(port)@localhost", "RABBITMQ_MNESIA_BASE": folder.path("mnesia"),
      "RABBITMQ_LOG_BASE": folder.path("log"), "RABBITMQ_CONFIG_FILE": folder.path("rabbitmq.conf"),
      "RABBITMQ_ENABLED_PLUGINS_FILE": folder.path("plugins"),
      "RABBITMQ_GENERATED_CONFIG_DIR": folder.path("generated"),
      "RABBITMQ_PID_FILE": folder.path("pid"), "RABBITMQ_CONF_ENV_FILE": "/dev/null",
      "RABBITMQ_DIST_PORT": "\(try freePort())",
      "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
        "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
    ])
  }

  // MARK: Caddy

  static var hasCaddy: Bool { isInstalled("caddy") }

  /// A server without any site, while the body runs.
  static func caddy(_ body: @escaping @Sendable (RealServer) async throws -> Void) async throws {
    let server = RealServer(folder: try TemporaryFolder("caddy"), port: try freePort())
    try server.folder.write(
      "{\"admin\": {\"listen\": \"127.0.0.1:\(server.port)\"}}", to: "caddy.json")
    let environment = Environment.inherit.updating([
      "HOME": server.folder.path, "XDG_DATA_HOME": server.folder.path,
      "XDG_CONFIG_HOME": server.folder.path,
    ])
    try await server.whileRunning(
      "caddy", ["run", "--config", server.folder.path("caddy.json")], environment
    ) {
      try await eventually("Caddy answers") { await server.isUp("/config/") }
      try await body(server)
    }
  }

  /// A server on TLS that says which HTTP was spoken and who asked, while the body runs.
  static func secureCaddy(
    _ papers: TemporaryFolder, protocols: String = "[\"h1\", \"h2\"]", clients: String? = nil,
    _ body: @escaping @Sendable (RealServer) async throws -> Void
  ) async throws {
    let authentication = clients.map { file in
      "\"client_authentication\": {\"mode\": \"require_and_verify\", "
        + "\"trusted_ca_certs_pem_files\": [\"\(papers.path(file))\"]}"
    }
    let secure = try freePort()
    let subject = clients == nil ? "" : " {http.request.tls.client.subject}"
    let apps = """
      {"http": {"servers": {"s": {
        "listen": ["127.0.0.1:\(secure)"], "protocols": \(protocols),
        "automatic_https": {"disable": true},
        "tls_connection_policies": [{\(authentication ?? "")}],
        "routes": [{"handle": [{"handler": "static_response",
          "body": "\\"{http.request.proto}\(subject)\\""}]}]}}},
       "tls": {"certificates": {"load_files": [
        {"certificate": "\(papers.path("server.pem"))", "key": "\(papers.path("server.key"))"}]}}}
      """
    try await caddy { plain in
      var server = plain
      server.securePort = secure
      try await server.curl("PUT", "/config/apps", apps)
      try await body(server)
    }
  }

  private func whileRunning(
    _ program: String, _ arguments: [String], _ environment: Environment,
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    let executable: Executable =
      program.hasPrefix("/") ? .path(FilePath(program)) : .name(program)
    _ = try await Subprocess.run(
      executable, arguments: Arguments(arguments), environment: environment,
      workingDirectory: FilePath(folder.path), input: .none, output: .discarded, error: .discarded
    ) { execution in
      do {
        try await body()
        try? execution.send(signal: .terminate)
      } catch {
        try? execution.send(signal: .terminate)
        throw error
      }
    }
  }
}
