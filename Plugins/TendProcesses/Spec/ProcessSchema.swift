internal import Tend

/// The fields of a `Process`.
enum ProcessSchema {
  private static let command = Schema.Field.list(
    "command", of: .string, required: true,
    "The program and its arguments. The program is an absolute path; there is no shell. {replica} "
      + "stands for the number of the replica.")

  private static func methods(_ more: [Schema.Field]) -> [Schema.Field] {
    [
      .object(
        "http",
        [
          .string(
            "url", required: true,
            "http://HOST:PORT/PATH, where the host is localhost or an IP address.")
        ], "Works when a GET is answered with a status from 200 to 399."),
      .object(
        "tcp",
        [
          .string(
            "address", required: true,
            "HOST:PORT, where the host is localhost or an IP address.")
        ],
        "Works when a connection is accepted."),
      .object(
        "exec",
        [
          .list(
            "command", of: .string, required: true,
            "The program and its arguments; runs with the process's user, environment and limits.")
        ], "Works when a command exits with 0. Never runs in plans."),
    ] + more
  }

  private static let readiness: [Schema.Field] =
    methods([
      .boolean("notify", "Works when the process says READY=1 to NOTIFY_SOCKET (sd_notify(3))."),
      .object(
        "log",
        [
          .string(
            "pattern", required: true,
            "Found anywhere in a line; * stands for any characters.")
        ],
        "Works when the process prints a line that matches."),
    ]) + [
      .duration("interval", default: "1s", "Between two questions."),
      .duration("timeout", default: "1s", "How long one answer may take."),
      .duration(
        "deadline", default: "60s",
        "After this long without readiness the process is reported; a rollout stops there."),
    ]

  private static let liveness: [Schema.Field] =
    methods([
      .boolean("notify", "Alive while the process says WATCHDOG=1 at least once in each interval.")
    ]) + [
      .duration("interval", default: "10s", "Between two questions."),
      .duration("timeout", default: "1s", "How long one answer may take."),
      .integer(
        "failureThreshold", in: 1...1000, default: 3,
        "This many wrong answers in a row end the process, and it is started again."),
    ]

  private static let restart: [Schema.Field] = [
    .choice(
      "policy", RestartPolicy.Rule.allCases.map(\.rawValue), default: "always",
      "Whether an end is followed by a start. An end that nobody saw counts as a failure for "
        + "onFailure."),
    .duration(
      "initialDelay", default: "100ms",
      "The wait before the second restart in a row; it then doubles. The first one is at once."),
    .duration("maximumDelay", default: "30s", "The longest wait."),
    .duration("stableAfter", default: "60s", "After a run this long, counting starts anew."),
  ]

  private static let limits: [Schema.Field] = [
    .integer(
      "openFiles", in: 8...1_048_576,
      "The most open descriptors of each process. Another number restarts."),
    .integer("processes", in: 1...4_194_304, "The most processes and threads; needs a cgroup."),
    .string("memory", "The most memory together, such as 256Mi; needs a cgroup."),
    .number("cpu", "Processors that may be used together, such as 0.5; needs a cgroup."),
  ]

  /// The spec.
  static let process = Schema(
    "A process that runs as long as it is declared, in as many replicas as are asked for.",
    [
      command,
      .string("directory", default: "/", "Where it is started."),
      .map(
        "environment", of: .any,
        "Its environment: texts, or {file: PATH} or {environment: NAME} for a secret that is read "
          + "when it starts. Besides only PATH, TEND_REPLICA and TEND_INSTANCE, and with a user "
          + "HOME, USER and LOGNAME."),
      .string("user", "Whom it runs as, by name or number; needs root. Default: the agent's user."),
      .string("group", "Its group, by name or number; needs root. Default: that of the user."),
      .object("restart", restart, "What is done when it ends by itself."),
      .list(
        "restartOn", of: .string,
        "Kind/name of what it is started anew for when that changes; also a dependency."),
      .object(
        "reloadOn",
        [
          .list("resources", of: .string, required: true, "Kind/name of what it reloads."),
          .string("signal", default: "HUP", "What it is told with."),
        ], "What it is told about with a signal when that changes; also a dependency."),
      .object("readiness", readiness, "When it works. Default: as soon as it runs."),
      .object("liveness", liveness, "Whether it still works, once it was ready."),
      .list(
        "stop",
        of: .object([
          .string("signal", required: true, "Such as TERM."),
          .duration("wait", default: "0s", "How long the next step waits for it."),
        ]),
        "How it is ended, step by step. Default: TERM, 10s, KILL. KILL ends all its descendants."),
      .object("limits", limits, "What it may use."),
      .object(
        "logs",
        [
          .string("maximumSize", default: "10Mi", "The most bytes of one file."),
          .integer("keep", in: 0...1000, default: 5, "How many full files are kept besides."),
        ], "What is kept of its output."),
      .integer("replicas", in: 1...1000, default: 1, "How many run."),
      .object(
        "rollout",
        [
          .integer(
            "maximumUnavailable", in: 0...1000, default: 1,
            "How many replicas may be down at once while they are replaced."),
          .integer(
            "maximumSurge", in: 0...1000, default: 0,
            "How many new ones may run beside the old ones."),
        ], "How replicas are replaced when the declaration changes; each is ready before the next."
      ),
      .boolean(
        "rerunOnBoot", default: false,
        "Whether one that has ended for good runs again after a boot."),
    ],
    example: """
      apiVersion: processes/v1
      kind: Process
      metadata:
        name: web
      spec:
        command: [/usr/bin/python3, -m, http.server, "808{replica}"]
        directory: /srv/web
        readiness: {tcp: {address: "127.0.0.1:808{replica}"}}
        replicas: 2
      """)
}
