private import Crypto
internal import Tend

/// Tells one launch from another.
enum LaunchDigest {
  /// The first 32 digits of the SHA-256 of a text: more than enough to tell versions apart.
  static func of(_ text: String) -> String {
    var hash = SHA256()
    Array(text.utf8).withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().prefix(16).map { byte in
      let text = String(byte, radix: 16)
      return byte < 16 ? "0" + text : text
    }.joined()
  }

  /// Of all that a running process can't be given; secrets by their keyed digests.
  static func of(_ spec: ProcessSpec, secrets: [String: String]) -> String {
    let declared = spec.declared
    let environment = declared.environment.map { variable -> Value in
      switch variable.content {
      case .text(let text): [.string(variable.name), .string(text)]
      case .secret: [.string(variable.name), .string(secrets[variable.name] ?? ""), true]
      }
    }
    let parts: [Value] = [
      declared.command.value, declared.directory.value, .list(environment), declared.user.value,
      declared.group.value, declared.openFiles.value, declared.notifies.value,
      declared.watchdog.value,
      .list(spec.restartVersions.map { [.string($0.reference), .string($0.text)] }),
    ]
    return of(Value.list(parts).json)
  }
}
