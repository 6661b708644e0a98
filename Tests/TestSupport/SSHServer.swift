internal import Foundation
internal import Subprocess
internal import SystemPackage

/// An `sshd` on loopback with keys of its own, which lets one key of this user in.
///
/// Needs Debian's openssh-server; ask `SSHServer.isAvailable` in a trait.
public struct SSHServer: Sendable {
  /// Whether this machine has what it needs.
  public static var isAvailable: Bool {
    FileManager.default.isExecutableFile(atPath: program) && SigningKey.isAvailable
  }

  /// Where it listens.
  public let port: UInt16
  /// The file of the key that is let in.
  public let identity: String
  /// A file of known servers in which it stands.
  public let knownHosts: String
  private let user: String

  /// The address of a repository on this machine.
  public func url(_ path: String) -> String { "ssh://\(user)@127.0.0.1:\(port)\(path)" }

  /// Serves while the body runs; keys and configuration lie in the folder.
  public static func serve<Value: Sendable>(
    in folder: TemporaryFolder, _ body: @escaping @Sendable (SSHServer) async throws -> Value
  ) async throws -> Value {
    let port = try freePort()
    let host = try await SigningKey("host", in: folder)
    let client = try await SigningKey("client", in: folder)
    try folder.write(client.publicKey + "\n", to: "authorized")
    try folder.write("[127.0.0.1]:\(port) \(host.publicKey)\n", to: "known")
    try folder.write(configuration(folder, port, host), to: "sshd.conf")
    // Only root's sshd wants it, and makes none itself.
    if geteuid() == 0 { try await run("mkdir", ["-p", "/run/sshd"]) }
    let server = SSHServer(
      port: port, identity: client.file, knownHosts: folder.path("known"),
      user: try await run("id", ["-un"]))
    let result = try await Subprocess.run(
      .path(FilePath(program)), arguments: ["-D", "-e", "-f", .init(folder.path("sshd.conf"))],
      input: .none, output: .discarded, error: .discarded
    ) { execution in
      do {
        try await waitUntilListening(port)
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

  private static let program = "/usr/sbin/sshd"

  private static func configuration(
    _ folder: TemporaryFolder, _ port: UInt16, _ host: SigningKey
  ) -> String {
    """
    Port \(port)
    ListenAddress 127.0.0.1
    HostKey \(host.file)
    AuthorizedKeysFile \(folder.path("authorized"))
    PidFile none
    UsePAM no
    StrictModes no
    PasswordAuthentication no
    KbdInteractiveAuthentication no
    PermitRootLogin prohibit-password

    """
  }
}

/// Waits until somebody takes connections on a port of loopback.
func waitUntilListening(_ port: UInt16) async throws {
  for _ in 0..<500 {
    if (try? await run("bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(port)"])) != nil { return }
    try await ContinuousClock().sleep(for: .milliseconds(20))
  }
  throw ProgramFailed(description: "nobody listens on \(port)")
}
