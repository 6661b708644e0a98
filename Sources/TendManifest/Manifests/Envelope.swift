public import Tend

/// The fields that every document of a manifest has, whatever its kind.
///
/// Documents are checked against this schema, and `tend explain` documents it.
public enum Envelope {
  /// All fields of a document; those of `spec` belong to its kind.
  public static let schema = Schema(
    "A document of a manifest declares one resource.",
    [
      .string("apiVersion", required: true, "Group and version of the kind, such as files/v1."),
      .string("kind", required: true, "What sort of resource it is, such as File."),
      .object(
        "metadata", metadata, required: true, "The resource's name, and what else is said about it."
      ),
      .list(
        "dependsOn", of: .string,
        "What comes first: Kind/name, or group/v1/Kind/name where a kind is ambiguous."),
      .object("lifecycle", lifecycle, "How the resource wants to be treated."),
      .any("spec", "How the resource should be; its fields are those of its kind."),
    ],
    example: """
      apiVersion: files/v1
      kind: File
      metadata:
        name: motd
      spec:
        path: /etc/motd
        content: hello
      """)

  /// Fields of `metadata`.
  private static let metadata: [Schema.Field] = [
    .string(
      "name", required: true,
      "Unique for its kind in one unit: up to 253 letters, digits, dots, dashes, underscores."
    ),
    .map("labels", of: .string, "Names and texts to select resources by."),
    .list(
      "formerly", of: .string, "Former names of the resource, where its name is its identity."
    ),
  ]

  /// Fields of `lifecycle`.
  private static let lifecycle: [Schema.Field] = [
    .boolean(
      "preventDelete", default: false,
      "Never delete or replace the resource, even when its declaration is gone."),
    .list(
      "ignoreDifferences", of: .string,
      "Paths of fields of the spec that are left alone, such as mode or limits.memory."),
    .duration(
      "interval",
      "How often the resource is looked at without a reason, at least 1s. Default: the unit's."),
    .duration("timeout", "How long one reconcile may take, at least 1ms. Default: the unit's."),
    .boolean("suspend", default: false, "Neither observe nor change the resource."),
    .choice(
      "mode", ["enforce", "observe"],
      "Whether drift is repaired, or only reported. Default: the unit's."),
    .choice(
      "deletionPolicy", ["delete", "orphan"],
      "When the declaration is gone. Default: delete what was made here, orphan the adopted."
    ),
  ]
}
