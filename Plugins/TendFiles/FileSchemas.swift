internal import Tend

/// The fields of the kinds that are served here.
enum FileSchemas {
  static let modeHint = "write the permission bits in quotes, such as \"0644\""

  private static let path = Schema.Field.string(
    "path", required: true,
    "Absolute path; its identity. Without \"..\"; repeated slashes and \".\" are taken out.")

  private static func mode(_ created: String) -> Schema.Field {
    .string(
      "mode", hint: modeHint,
      "Permission bits as three or four octal digits in quotes. Not declared: \(created) on "
        + "create, whatever the umask; on update as found.")
  }

  private static let owner = Schema.Field.string(
    "owner", "User, by name or number. Not declared: the agent's on create; on update as found.")
  private static let group = Schema.Field.string(
    "group", "Group, by name or number. Not declared: the agent's on create; on update as found.")

  /// The spec of a `File`.
  static let file = Schema(
    "A regular file with exactly this content, replaced in one step and durable.",
    [
      path,
      .init(
        "content", .string, expandsIf: "expand",
        "The content, inline; at most 64 MiB. One of content, source, contentBase64."),
      .boolean(
        "expand", default: false,
        "Whether ${NAME} in content stands for a value of the host; else it is text."),
      .string(
        "source", "A file beside the manifest whose bytes are the content; stays inside the unit."),
      .string("contentBase64", "The content as Base64, for what is not text."),
      mode("0644"), owner, group,
      .boolean(
        "sensitive", default: false,
        "Never show the content, even where everybody may read the file."),
      .choice(
        "backup", ["keep", "none"], default: "keep",
        "Whether a copy is kept of what is replaced or deleted."),
      .choice(
        "replace", ["atomic", "inPlace"], default: "atomic",
        "How existing content is replaced: by a new file in one step, or by writing into the file, "
          + "which is not atomic but works for mount points."),
      .init(
        "validate", .list(.string), hint: "write a list: [visudo, -cf, \"{file}\"]",
        "A command, without a shell, that must accept new content before it replaces the old: "
          + "program and arguments, in which {file} is the path of the new content, beside the "
          + "old. It runs as the owner of the file, never for a plan, has the time of one "
          + "reconcile (lifecycle: {timeout}), and whatever it leaves behind is ended."),
    ],
    example: """
      apiVersion: files/v1
      kind: File
      metadata:
        name: motd
      spec:
        path: /etc/motd
        content: "hello\\n"
        mode: "0644"
      """)

  /// The spec of a `Directory`.
  static let directory = Schema(
    "A directory. It is deleted only when it is empty.",
    [
      path, mode("0755"), owner, group,
      .boolean(
        "purge", default: false,
        "Remove files, links and directories in it, at any depth, that the same unit does not "
          + "declare: each is listed in the plan, kept as a backup, and counted by the deletion "
          + "budget. Nothing on another file system, no device, pipe or socket, nothing whose "
          + "name is not UTF-8; nothing in the first pass after the Directory became ours."),
    ],
    example: """
      apiVersion: files/v1
      kind: Directory
      metadata:
        name: etc-app
      spec:
        path: /etc/app
        mode: "0750"
      """)

  /// The spec of a `Symlink`.
  static let link = Schema(
    "A symbolic link; what it leads to need not exist.",
    [
      path,
      .string("target", required: true, "What the link leads to, as it is written into the link."),
      owner, group,
    ],
    example: """
      apiVersion: files/v1
      kind: Symlink
      metadata:
        name: current
      spec:
        path: /srv/app/current
        target: releases/42
      """)
}
