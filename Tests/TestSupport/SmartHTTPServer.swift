internal import Foundation
internal import Subprocess

/// A web server that serves Git repositories by `git http-backend`, on loopback.
///
/// Needs lighttpd; ask `SmartHTTPServer.isAvailable` in a trait.
public struct SmartHTTPServer: Sendable {
  /// Where it listens.
  public let port: UInt16
  private let log: String

  /// Whether this machine has what it needs.
  public static var isAvailable: Bool {
    isInstalled("lighttpd") && FileManager.default.isExecutableFile(atPath: backend)
  }

  /// The user and the password of what lies below `private/`.
  public static let user = "reader"
  /// A password that must never be seen anywhere.
  public static let password = "canary-4711"

  /// The URL of a repository in its folder.
  public func url(_ repository: String, credentials: String? = nil) -> String {
    "http://\(credentials.map { "\($0)@" } ?? "")127.0.0.1:\(port)/git/\(repository)"
  }

  /// The requests so far, a line each.
  public func requests() throws -> [String] {
    try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// Serves the bare repositories of a folder while the body runs.
  public static func serve<Value: Sendable>(
    _ folder: TemporaryFolder, _ body: @escaping @Sendable (SmartHTTPServer) async throws -> Value
  ) async throws -> Value {
    let server = SmartHTTPServer(port: try freePort(), log: folder.path("access.log"))
    try folder.write(server.configuration(folder), to: "lighttpd.conf")
    try folder.write("\(user):\(password)\n", to: "users")
    let result = try await Subprocess.run(
      .name("lighttpd"), arguments: ["-D", "-f", folder.path("lighttpd.conf")],
      environment: .inherit.updating(["PATH": "/usr/sbin:/usr/bin:/bin"]), input: .none,
      output: .discarded, error: .discarded
    ) { execution in
      do {
        try await waitUntilListening(server.port)
        let value = try await body(server)
        try execution.send(signal: .terminate)
        return value
      } catch {
        try? execution.send(signal: .terminate)
        throw error
      }
    }
    return result.closureResult
  }

  private static let backend = "/usr/lib/git-core/git-http-backend"

  private func configuration(_ folder: TemporaryFolder) -> String {
    """
    server.modules = ("mod_auth", "mod_authn_file", "mod_accesslog", "mod_alias", "mod_setenv",
      "mod_cgi")
    server.document-root = "\(folder.path)"
    server.bind = "127.0.0.1"
    server.port = \(port)
    accesslog.filename = "\(log)"
    accesslog.format = "%r %s"
    alias.url = ("/git" => "\(Self.backend)")
    setenv.add-environment = (
      "GIT_PROJECT_ROOT" => "\(folder.path)", "GIT_HTTP_EXPORT_ALL" => "1",
      "GIT_CONFIG_NOSYSTEM" => "1", "GIT_CONFIG_GLOBAL" => "/dev/null")
    auth.backend = "plain"
    auth.backend.plain.userfile = "\(folder.path("users"))"
    $HTTP["url"] =~ "^/git/private/" {
      auth.require = ("" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
    }
    $HTTP["url"] =~ "^/git" { cgi.assign = ("" => "") }

    """
  }
}
