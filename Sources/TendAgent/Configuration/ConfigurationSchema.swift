public import Tend

/// The fields of an agent's configuration.
///
/// The file is checked against this schema, and `tend explain agent` documents it.
public enum ConfigurationSchema {
  /// The whole file.
  public static let schema = Schema(
    "What an agent follows, and how: the file of `tend agent --config`.",
    [
      .list(
        "units", of: .object(unit), required: true,
        "What is followed: each unit has a source, a policy, an inventory and a history."),
      .object(
        "defaults", treatment, "What holds for every unit that does not say otherwise."),
      .string(
        "stateDirectory",
        "Absolute path of the directory that holds store, mirrors, backups and socket. Default: "
          + "/var/lib/tend as root, else tend below $XDG_STATE_HOME or ~/.local/state."),
      .string(
        "host",
        "The name that ${host.name} stands for, and that files of values are named after. Default: "
          + "the machine's, as hostname prints it."),
      .integer(
        "concurrency", in: 1...10_000,
        "How many resources are reconciled at once. Default: what each provider allows."),
      .duration(
        "drain", default: "60s", "How long a shutdown waits for reconciles that have begun."),
      .boolean(
        "stopOnExit", default: false,
        "Whether processes that are kept running end when the agent ends; else they go on."),
      .object("logs", logs, "What is logged, to standard error."),
      .string(
        "metricsFile",
        "Absolute path of a file of metrics for node_exporter's textfile collector, ending in "
          + ".prom; --metrics-file comes before it. Default: none."),
      .string(
        "readers",
        "A group, by name or number, whose members may run status, get, describe, diff, history, "
          + "events and metrics; they see nothing private, and change nothing. Default: nobody."),
      .object("backups", backups, "How many copies are kept of what is replaced or deleted."),
      .object("retention", retention, "How much history is kept."),
    ],
    example: """
      stateDirectory: /var/lib/tend
      defaults:
        interval: 10m
      units:
        - name: base
          source:
            git: {url: "https://git.example/hosts.git", branch: main, path: base}
          refresh: 1m
        - name: web
          source: {directory: /srv/desired/web}
          mode: observe
      """)

  /// Fields of a unit.
  private static let unit: [Schema.Field] =
    [
      .string(
        "name", required: true,
        "Unique in the agent: 1 to 253 letters, digits, dots, dashes and underscores."),
      .object(
        "source", source, required: true, "Where the declarations come from: git or directory."),
    ] + treatment + [
      .boolean(
        "empty", default: false,
        "Whether a revision may leave nothing of the unit; else it is refused."),
      .integer(
        "allowedDeletions", in: 0...1_000_000,
        "How many deletions a revision may make whatever the budget says. Default: the budget: at "
          + "most 10 % or 5 in a revision, 25 % or 5 in a day, and never all."),
      .object(
        "allow", allow,
        "What the unit may touch; all that is not named is refused. Default: whatever the user may "
          + "that the agent runs as."),
      .string(
        "root",
        "Absolute path of a directory that all paths of the unit lie below, also those that links "
          + "lead to: for images and trials. Only files, directories and links can lie there. "
          + "Default: the root of the machine."),
      .any(
        "values",
        "Values for ${NAME} in manifests, as a map; maps in it are addressed by dots. They come "
          + "before those of the files that tend.yaml names."),
      .list(
        "dependsOn", of: .string,
        "Units that must be Ready before a new revision of this one is begun."),
      .string(
        "renamedFrom",
        "The name that the unit had before; its resources are taken over, and nothing is touched. "
          + "Without it the resources of a unit that leaves the configuration stay, and are no "
          + "longer Tend's."),
    ]

  /// Fields of a unit that have a default for all units.
  private static let treatment: [Schema.Field] = [
    .duration(
      "interval",
      "How often a resource is looked at without a reason, give or take a tenth. Default: 5m."),
    .duration("timeout", "How long one reconcile may take. Default: 30s."),
    .choice(
      "mode", ["enforce", "observe"],
      "Whether differences are repaired, or only reported. Default: enforce."),
    .duration(
      "refresh", "How often the source is asked, give or take a tenth. Default: 30s."),
  ]

  /// Fields of `allow`.
  private static let allow: [Schema.Field] = [
    .list(
      "kinds", of: .string,
      "Kinds such as File or files/v1/File. Default: all that say what they touch."),
    .list(
      "paths", of: .string,
      "Absolute paths; each allows itself and all below it, as they are written and where they "
        + "really lie once links are followed."),
    .list("users", of: .string, "Users whose rights something may get, by name or number."),
    .list("addresses", of: .string, "URLs; each allows itself and all below it."),
    .list(
      "secrets", of: .string,
      "Secrets with where they may go, such as file /run/secrets/broker for https://broker:15671."),
  ]

  /// Fields of `source`.
  private static let source: [Schema.Field] = [
    .object("git", git, "A Git repository."),
    .string("directory", "Absolute path of a directory of this machine."),
  ]

  /// Fields of `git`.
  private static let git: [Schema.Field] = [
    .string(
      "url", required: true,
      "https, http, ssh, git or file URL, user@host:path, or an absolute path. Better than a "
        + "password in it is a credential helper."),
    .list(
      "fallbacks", of: .string,
      "Other remotes of the repository, asked in this order where the one before does not answer."),
    .string("branch", "The branch that is followed. Default: main."),
    .string("tag", "One tag instead of a branch; one that moves is refused."),
    .string(
      "semver",
      "The highest version among the tags instead of a branch, by Semantic Versioning 2.0.0: "
        + "\">=1.2 <2\", ~1.4, ^2.0.1, 1.x."),
    .string("commit", "One commit instead of a branch, by its full id of 40 digits."),
    .string("path", "The directory in the repository that is read. Default: its root."),
    .boolean(
      "allowRewrittenHistory", default: false,
      "Whether a revision is taken in that does not descend from the one before."),
    .object("signatures", signatures, "Whose signatures commits and tags must have."),
    .object("ssh", ssh, "How servers are reached by ssh."),
    .duration(
      "progressDeadline", default: "60s",
      "How long a connection may bring nothing before it is given up."),
    .duration("fetchDeadline", default: "1h", "How long a fetch may take in all."),
    .integer(
      "mirrorBytes", in: 1...Int64.max, default: 4 << 30,
      "How many bytes the mirror may take on the disk. Default: 4 GiB."),
  ]

  /// Fields of `signatures`.
  private static let signatures: [Schema.Field] = [
    .string(
      "allowedSigners",
      "Absolute path of a file of signers for keys of ssh, as ssh-keygen(1) describes it."),
    .string("revokedKeys", "Absolute path of a file of keys of ssh that were revoked."),
    .string("keyring", "Absolute path of the home of a gpg whose keys may sign."),
    .list(
      "signers", of: .string,
      "Who of those may sign: principals, fingerprints of primary keys. Default: every one."),
    .string(
      "since",
      "The commit, by its full id, after which all must be signed; asked on the first revision."),
  ]

  /// Fields of `ssh`.
  private static let ssh: [Schema.Field] = [
    .string("identity", "Absolute path of the private key. Default: what ssh chooses."),
    .string(
      "knownHosts",
      "Absolute path of the known servers. Default: the files of the user and of the system."),
  ]

  /// Fields of `logs`.
  private static let logs: [Schema.Field] = [
    .choice(
      "level", ["trace", "debug", "info", "notice", "warning", "error", "critical"],
      "The least that is logged; --log-level comes before it. Default: info."),
    .choice(
      "format", ["text", "json"], default: "text",
      "How it is logged, a line each; --log-format comes before it."),
  ]

  /// Fields of `backups`.
  private static let backups: [Schema.Field] = [
    .integer(
      "copies", in: 1...10_000, default: 5,
      "How many of one path; the first of what was there before Tend stays besides."),
    .duration("age", default: "30d", "For how long."),
    .integer(
      "bytes", in: 1...Int64.max, default: 1 << 30, "How many bytes in all. Default: 1 GiB."),
  ]

  /// Fields of `retention`.
  private static let retention: [Schema.Field] = [
    .integer(
      "events", in: 10_000...10_000_000, default: 100_000,
      "Events that are kept at most; the last 10,000 are always kept."),
    .duration("age", default: "30d", "How old an event may get, beyond the last 10,000."),
    .integer("revisions", in: 100...1_000_000, default: 1000, "Revisions that are kept of a unit."),
  ]
}
