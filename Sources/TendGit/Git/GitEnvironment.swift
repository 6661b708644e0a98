internal import Glibc
internal import Subprocess
internal import Tend

/// What `git` is told beside its arguments.
///
/// Only variables that are known to be needed are handed on: those by which people configure how
/// they reach a server. All that could redirect Git to other files, trace what it sends, or make it
/// ask somebody is left out or set.
struct GitEnvironment: Sendable {
  private let inherited: [Environment.Key: String]

  /// Takes what is needed of a process's environment; without one, of this process's.
  init(_ lookup: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }) {
    var inherited: [Environment.Key: String] = [:]
    for name in Self.handedOn {
      if let value = lookup(name) { inherited[.init(stringLiteral: name)] = value }
    }
    self.inherited = inherited
  }

  /// For what is done on this machine alone: no configuration but our own.
  var local: Environment {
    var values = inherited.merging(Self.fixed) { $1 }
    values["GIT_CONFIG_NOSYSTEM"] = "1"
    values["GIT_CONFIG_GLOBAL"] = "/dev/null"
    return .custom(values)
  }

  /// For a connection: with the user's own configuration, where credential helpers, proxies and
  /// certificates stand.
  func remote(_ address: RepositoryAddress, _ ssh: GitSSH = GitSSH()) -> Environment {
    var values = inherited.merging(Self.fixed) { $1 }
    if values["GIT_SSH_COMMAND"] == nil, values["GIT_SSH"] == nil {
      values["GIT_SSH_COMMAND"] = ssh.command
      values["GIT_SSH_VARIANT"] = "ssh"
    }
    if let authorization = address.authorization {
      values["GIT_CONFIG_COUNT"] = "2"
      values["GIT_CONFIG_KEY_0"] = "http.\(authorization.scope)/.extraHeader"
      values["GIT_CONFIG_VALUE_0"] = authorization.header.reveal()
      // The password is for this server and no other.
      values["GIT_CONFIG_KEY_1"] = "http.followRedirects"
      values["GIT_CONFIG_VALUE_1"] = "false"
    }
    return .custom(values)
  }

  /// Settings of every run, stronger than any file's.
  static let settings: [String] = [
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.alternateRefsCommand=",
    "protocol.ext.allow=never", "protocol.version=2", "fetch.recurseSubmodules=false",
    "fetch.writeCommitGraph=false",
    "gc.auto=0", "maintenance.auto=false", "credential.interactive=false",
    // A server that takes a connection and says nothing is left even when nobody watches us.
    "http.lowSpeedLimit=1", "http.lowSpeedTime=120",
  ].flatMap { ["-c", $0] }

  private static let fixed: [Environment.Key: String] = [
    "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never", "GCM_INTERACTIVE": "never", "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C",
  ]

  private static let handedOn = [
    "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR",
    "SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH", "http_proxy", "https_proxy",
    "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE",
    "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSL_CERT", "GIT_SSL_KEY",
    "KRB5CCNAME", "KRB5_CONFIG", "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME",
  ]
}

extension GitSSH {
  /// The command, as Git hands it to a shell: nothing in it needs quotes, `check()` sees to that.
  ///
  /// What stands on a command line is stronger than ssh's own files.
  var command: String {
    var words = ["ssh", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes"]
    if let identity { words += ["-oIdentitiesOnly=yes", "-i", identity] }
    if let knownHosts {
      words += ["-oUserKnownHostsFile=\(knownHosts)", "-oGlobalKnownHostsFile=/dev/null"]
    }
    return words.joined(separator: " ")
  }
}
