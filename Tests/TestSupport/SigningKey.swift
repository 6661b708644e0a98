internal import Foundation
public import Subprocess

/// A key of ssh that signs commits and tags of a test's repository.
public struct SigningKey: Sendable {
  /// Whether this machine has what it needs.
  public static var isAvailable: Bool { isInstalled("ssh-keygen") }

  /// The file of the private key; beside it lies the public one, with `.pub`.
  public let file: String
  /// The public key, as it stands in files.
  public let publicKey: String

  /// Makes a key in a folder.
  public init(_ name: String, in folder: TemporaryFolder) async throws {
    file = folder.path(name)
    try await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file])
    publicKey = try String(contentsOfFile: file + ".pub", encoding: .utf8)
      .split(separator: " ").prefix(2).joined(separator: " ")
  }

  /// Options of `git` with which `commit -S`, `merge -S` and `tag -s` sign by this key.
  public var options: [String] { ["-c", "gpg.format=ssh", "-c", "user.signingKey=\(file)"] }
}

/// OpenPGP keys that sign commits and tags of a test's repository.
public final class PGPHome: Sendable {
  /// Whether this machine has what it needs.
  public static var isAvailable: Bool { isInstalled("gpg") && isInstalled("gpgconf") }

  private let folder: TemporaryFolder
  /// The home with the private keys.
  public var path: String { folder.path }
  /// What gpg and git need to find the keys.
  public var environment: [Environment.Key: String?] { ["GNUPGHOME": path] }

  /// Makes an empty home.
  public init() async throws {
    folder = try TemporaryFolder("gpg")
    try await run("chmod", ["700", folder.path])
  }

  /// Makes a key that can sign; its fingerprint.
  ///
  /// `time` is what gpg takes for now, as `20200101T000000`; `expiry` as gpg(1) has it.
  public func makeKey(
    _ user: String, time: String? = nil, expiry: String = "never"
  ) async throws -> String {
    let faked = time.map { ["--faked-system-time", $0] } ?? []
    let said = try await run(
      "gpg",
      ["--homedir", path, "--batch", "--quiet", "--passphrase", "", "--status-fd", "1"] + faked
        + ["--quick-generate-key", user, "ed25519", "sign", expiry])
    guard let line = said.split(separator: "\n").first(where: { $0.contains("KEY_CREATED") }),
      let fingerprint = line.split(separator: " ").last
    else { throw ProgramFailed(description: "gpg made no key: \(said)") }
    return String(fingerprint)
  }

  /// Copies public keys into another home, as it would lie on a host.
  public func export(_ keys: [String], to home: TemporaryFolder, revoked: Bool = false) async throws
  {
    try await run("chmod", ["700", home.path])
    for key in keys {
      try await run(
        "sh",
        [
          "-c", "gpg --homedir \"$1\" --export \"$3\" | gpg --homedir \"$2\" --quiet --import",
          "sh",
          path, home.path, key,
        ])
      guard revoked else { continue }
      // The certificate that gpg makes beside each key, with a colon against accidents.
      try await run(
        "sh",
        [
          "-c", "sed 's/^:-----/-----/' \"$1\" | gpg --homedir \"$2\" --quiet --import", "sh",
          folder.path("openpgp-revocs.d/\(key).rev"), home.path,
        ])
    }
  }

  /// A `gpg` for git that signs at another time.
  public func program(at time: String) async throws -> String {
    try folder.write("#!/bin/sh\nexec gpg --faked-system-time \(time) \"$@\"\n", to: "then")
    try await run("chmod", ["755", folder.path("then")])
    return folder.path("then")
  }

  /// Ends the agent that gpg has started for the private keys.
  public func close() async throws {
    try await run("gpgconf", ["--homedir", path, "--kill", "all"])
  }
}
