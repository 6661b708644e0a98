import Glibc
import Logging
import Tend
import TendEngine
import TendGit
import TendManifest
import TendSQLite
import TestSupport
import Testing

@testable import TendAgent

@Suite("The configuration file of an agent")
struct ConfigurationFileTests {
  private static let state = StateDirectory("/nowhere")

  private static func read(_ text: String) throws -> AgentConfiguration {
    try ConfigurationFile("agent.yaml").configuration(Array(text.utf8), state: state)
  }

  private static func failure(_ text: String) -> [String] {
    let failure = #expect(throws: Failure.self) { try read(text) }
    return failure?.diagnostics.map { "\($0.diagnostic)" } ?? []
  }

  @Test("every field of it arrives")
  func whole() throws {
    let configuration = try ConfigurationFile("agent.yaml").configuration(
      Array(
        """
        stateDirectory: /var/lib/other
        concurrency: 7
        drain: 5s
        logs: {level: debug}
        backups: {copies: 2, age: 7d, bytes: 1048576}
        retention: {events: 20000, age: 3d, revisions: 200}
        defaults: {interval: 10m, timeout: 20s, refresh: 2m, mode: observe}
        units:
          - name: base
            source:
              git:
                url: https://git.example/hosts.git
                branch: stable
                path: base
                allowRewrittenHistory: true
                progressDeadline: 10s
            interval: 1h
            mode: enforce
            empty: true
            allowedDeletions: 3
          - name: web
            source: {directory: /srv/web}
        """.utf8))
    #expect(configuration.state.path == "/var/lib/other")
    #expect(configuration.concurrency == 7)
    #expect(configuration.drain == .seconds(5))
    #expect(configuration.logLevel == .debug)
    #expect(configuration.rotation.countOfPath == 2)
    #expect(configuration.rotation.age == .seconds(7 * 86_400))
    #expect(configuration.rotation.totalBytes == 1 << 20)
    #expect(configuration.retention.maximumEvents == 20_000)
    #expect(configuration.retention.age == .seconds(3 * 86_400))
    #expect(configuration.retention.revisions == 200)
    let base = try #require(configuration.units.first)
    #expect(base.policy.interval == .seconds(3600))
    #expect(base.policy.timeout == .seconds(20))
    #expect(base.policy.refreshInterval == .seconds(120))
    #expect(base.policy.mode == .enforce)
    #expect(base.policy.allowsEmpty)
    #expect(base.policy.allowedDeletions == 3)
    guard case .git(let git) = base.origin else { throw Failure("Test", "no repository") }
    #expect(git.repository == "https://git.example/hosts.git")
    #expect(git.reference == .branch("stable"))
    #expect(git.path == "base")
    #expect(git.mirrors == "/var/lib/other/git")
    #expect(git.allowRewrittenHistory)
    #expect(git.progressDeadline == .seconds(10))
    let web = try #require(configuration.units.last)
    #expect(web.policy.interval == .seconds(600))
    #expect(web.policy.mode == .observe)
    #expect(!web.policy.allowsEmpty)
    guard case .directory("/srv/web") = web.origin else { throw Failure("Test", "no directory") }
  }

  @Test("a host, values, a root, readers, and what is otherwise an option can be said")
  func more() throws {
    let configuration = try Self.read(
      """
      host: web1
      metricsFile: /var/lib/node/tend.prom
      logs: {format: json}
      readers: adm
      stopOnExit: true
      units:
        - name: image
          source: {directory: /srv}
          root: /srv/image
          values: {port: 80, web: {name: "$${x}"}}
        - {name: web, source: {directory: /srv}}
      """)
    #expect(configuration.metricsFile == "/var/lib/node/tend.prom")
    #expect(configuration.logFormat == .json && configuration.readers == "adm")
    #expect(configuration.stopsOnExit)
    let image = try #require(configuration.units.first)
    #expect(image.policy.root == "/srv/image")
    #expect(image.values.values == ["port": 80, "web": ["name": "${x}"]])
    #expect(image.values.host == "web1" && image.values.isHostGiven)
    #expect(configuration.units.last?.values.values == [:])
  }

  @Test(
    "what can't be a host, a root or a value is a mistake at its place",
    arguments: [
      ("host: a/b\n", "", "1:7: error: host can't be the name of a host"),
      ("", "root: image", "1:52: error: the root of unit a is no absolute path"),
      ("", "root: /a/../b", "1:52: error: the root of unit a is no absolute path"),
      ("", "values: [1]", "1:46: error: values must be a map, but are a list"),
      ("", "values: {host: x}", "1:61: error: host is kept for the values that are built in"),
      ("", "values: {a: [1]}", "1:55: error: units[0].values.a must be a text"),
      ("", "values: {a: \"${b}\"}", "1:58: error: units[0].values.a has a ${ in it"),
      ("metricsFile: x.prom\n", "", "1:14: error: metrics can't be written to x.prom"),
    ])
  func wrong(top: String, unit: String, message: String) {
    let text = "\(top)units: [{name: a, source: {directory: /srv}, \(unit)}]\n"
    let found = Self.failure(unit.isEmpty ? text.replacing(", }", with: "}") : text)
    #expect(found.count == 1 && found[0].contains("agent.yaml:" + message), "\(found)")
  }

  @Test("all about a repository can be said: what is followed, from where, by whose word")
  func repository() throws {
    let configuration = try Self.read(
      """
      units:
        - name: base
          source:
            git:
              url: git@one.example:hosts.git
              fallbacks: ["https://two.example/hosts.git"]
              semver: ">=1.2 <2"
              signatures:
                allowedSigners: /etc/tend/signers
                revokedKeys: /etc/tend/revoked
                keyring: /etc/tend/keys
                signers: [ada@example.org]
                since: 0123456789abcdef0123456789abcdef01234567
              ssh: {identity: /etc/tend/key, knownHosts: /etc/tend/known}
              fetchDeadline: 10m
              mirrorBytes: 1048576
      """)
    guard case .git(let git)? = configuration.units.first?.origin else {
      throw Failure("Test", "no repository")
    }
    #expect(git.fallbacks == ["https://two.example/hosts.git"])
    #expect(git.reference == .semver(">=1.2 <2"))
    let signatures = try #require(git.signatures)
    #expect(signatures.allowedSigners == "/etc/tend/signers")
    #expect(signatures.revokedKeys == "/etc/tend/revoked")
    #expect(signatures.keyring == "/etc/tend/keys")
    #expect(signatures.signers == ["ada@example.org"])
    #expect(signatures.since == "0123456789abcdef0123456789abcdef01234567")
    #expect(git.ssh.identity == "/etc/tend/key")
    #expect(git.ssh.knownHosts == "/etc/tend/known")
    #expect(git.fetchDeadline == .seconds(600))
    #expect(git.mirrorBytes == 1 << 20)
  }

  @Test("what the command line says of the state directory comes first")
  func given() throws {
    let configuration = try Self.read(
      "stateDirectory: /var/lib/other\nunits: [{name: a, source: {directory: /srv}}]")
    #expect(configuration.state == Self.state)
  }

  @Test(
    "a mistake is reported at its place, with what to write instead",
    arguments: [
      (
        "unit: []", "agent.yaml:1:1: error: unit is not a field here; did you mean units?",
        "an unknown field"
      ),
      (
        "units:\n  - name: a\n    sorce: {directory: /srv}",
        "agent.yaml:3:5: error: units[0].sorce is not a field here; did you mean source?",
        "an unknown field of a unit"
      ),
      ("units: []", "error: no unit is configured", "no unit"),
      ("units:", "error: units must be a list of map, but is nothing", "an empty list"),
      (
        "units: [{name: a, source: {}}]",
        "agent.yaml:1:19: error: source must have exactly one of git and directory", "no source"
      ),
      (
        "units: [{name: a, source: {directory: /srv, git: {url: /srv/a.git}}}]",
        "agent.yaml:1:19: error: source must have exactly one of git and directory", "two sources"
      ),
      (
        "units: [{name: a, source: {git: {url: /a.git, branch: a, commit: b}}}]",
        "error: commit stands beside branch; keep one of them", "two references"
      ),
      (
        "units: [{name: a, source: {git: {url: /a.git, semver: latest}}}]",
        "error: the range of versions `latest` has `latest`, which is no comparison", "no range"
      ),
      (
        "units: [{name: a, source: {git: {url: /a.git, signatures: {signers: [a]}}}}]",
        "error: signatures are asked for, and neither signers of ssh nor a keyring is given",
        "nobody could sign"
      ),
      (
        "units: [{name: a, source: {git: {url: /a.git, branch: -x}}}]",
        "error: the branch name `-x` begins with `-`", "a branch that would be an option"
      ),
      (
        "units: [{name: a, source: {directory: srv}}]",
        "agent.yaml:1:39: error: source.directory is not an absolute path", "a relative path"
      ),
      (
        "units: [{name: a/b, source: {directory: /srv}}]",
        "agent.yaml:1:16: error: \"a/b\" can't be the name of a unit", "no name"
      ),
      (
        "units: [{name: a, source: {directory: /srv}, interval: 0s}]",
        "agent.yaml:1:56: error: the interval of unit a is 0ms", "no interval"
      ),
      (
        "units: [{name: a, source: {directory: /srv}, mode: obsrve}]",
        "error: units[0].mode must be one of enforce, observe; did you mean observe?", "a typo"
      ),
      (
        "units: [{name: a, source: {directory: /srv}, mode: }]",
        "error: units[0].mode is empty; give it a value, or leave the field out",
        "a field that says nothing"
      ),
      (
        "stateDirectory: state\nunits: [{name: a, source: {directory: /srv}}]",
        "agent.yaml:1:17: error: stateDirectory is not an absolute path", "a relative directory"
      ),
      (
        "units: [{name: a, source: {directory: /srv}}]\n---\nunits: []",
        "agent.yaml:3:1: error: a configuration is one document", "two documents"
      ),
      ("units: [", "agent.yaml:2:1: error: a value is missing here", "half a list"),
    ])
  func mistakes(text: String, expected: String, reason: String) {
    let found = Self.failure(text)
    #expect(found.contains { $0.contains(expected) }, "\(reason): \(found)")
  }

  @Test("T07: what a unit may touch arrives with its lines; what says nothing is refused")
  func allow() throws {
    let text = """
      units:
        - name: a
          source: {directory: /srv}
          allow:
            kinds: [File]
            paths: [/srv/web]
      """
    let allow = try #require(try Self.read(text).units.first?.policy.allow)
    #expect(allow.kinds == [.init("File", at: Place(file: "agent.yaml", line: 5, column: 15))])
    let place = Place(file: "agent.yaml", line: 6, column: 15)
    #expect(allow.accesses[.path] == [.init("/srv/web", at: place)])
    #expect(allow.accesses[.user] == nil)
    #expect(allow.lines == ["kinds File", "paths /srv/web"])
    let unit = "units: [{name: a, source: {directory: /srv}, allow: "
    #expect(try Self.read(unit + "{}}]").units.first?.policy.allow?.lines == [])
    #expect(Self.failure(unit + "}]").first?.contains("allow is empty") == true)
    #expect(Self.failure(unit + "{paths: }}]").first?.contains("allow.paths is empty") == true)
    #expect(
      Self.failure(unit + "{paths: [srv, /srv/../etc]}}]").count == 2, "relative, leading upward")
    #expect(Self.failure(unit + "{path: [/srv]}}]").first?.contains("did you mean paths?") == true)
  }

  @Test("two units of one name are refused with both places")
  func duplicates() throws {
    let failure = #expect(throws: Failure.self) {
      try Self.read(
        """
        units:
          - {name: a, source: {directory: /srv}}
          - {name: a, source: {directory: /srv/b}}
        """)
    }
    let mistake = try #require(failure?.diagnostics.first?.diagnostic)
    #expect("\(mistake)".hasPrefix("agent.yaml:3:12: error: two units have the name a;"))
    #expect(mistake.related == [Place(file: "agent.yaml", line: 2, column: 12)])
  }

  @Test("all mistakes are reported in one run")
  func all() {
    let found = Self.failure(
      """
      concurrency: 0
      units:
        - {name: a, source: {directory: srv}, intervall: 5m}
        - {name: b/c, source: {directory: /srv}}
      """)
    #expect(found.count == 4, "\(found)")
  }

  @Test("T07: a file that is missing, empty, no file, or others' gives no configuration")
  func unreadable() throws {
    let folder = try TemporaryFolder("configuration")
    func message(_ name: String) -> String? {
      #expect(throws: Failure.self) { try ConfigurationFile(folder.path(name)).read() }?.message
    }
    #expect(message("nothing")?.contains("can't be read: No such file") == true)
    try folder.write("", to: "empty")
    #expect(message("empty")?.hasSuffix("is empty") == true)
    #expect(
      #expect(throws: Failure.self) { try ConfigurationFile(folder.path).read() }?.message
        .hasSuffix("is no regular file") == true)
    try folder.write("units: [{name: a, source: {directory: /srv}}]", to: "open")
    _ = try ConfigurationFile(folder.path("open")).read()
    chmod(folder.path("open"), 0o666)
    #expect(message("open")?.contains("could be changed by others") == true)
  }

  @Test("the example that `tend explain agent` shows is accepted")
  func example() throws {
    let example = try #require(ConfigurationSchema.schema.example)
    #expect(try Self.read(example).units.map(\.name) == ["base", "web"])
  }
}
