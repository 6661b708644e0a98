import Foundation
import TestSupport
import Testing

/// Debian's, whatever else is in PATH.
private let hasValidator = FileManager.default.isExecutableFile(atPath: "/usr/bin/jsonschema")

@Suite("tend schema")
struct SchemaTests {
  /// Documents as JSON, whether they are right, and why.
  private static let documents: [(text: String, isValid: Bool, reason: String)] = [
    (file(), true, "only what must be there"),
    (file(#""mode": "0644", "owner": null"#), true, "a field without a value"),
    (file(#""replace": "inPlace", "sensitive": true"#), true, "a choice"),
    (file(beside: #""lifecycle": {"interval": "1h30m"}"#), true, "a duration"),
    (file(beside: #""dependsOn": ["File/b"]"#), true, "a list"),
    (file(#""contnet": "x""#), false, "an unknown field"),
    (file(path: nil), false, "no path"),
    (file(#""mode": 420"#), false, "a number for a text"),
    (file(path: #"["/a"]"#), false, "a list for a text"),
    (file(#""replace": "never""#), false, "no such choice"),
    (file(#""sensitive": "yes""#), false, "a text for a boolean"),
    (file(beside: #""lifecycle": {"interval": "soon"}"#), false, "no duration"),
    (file(beside: #""lifecycle": {"interval": 30}"#), false, "a bare number"),
    (file(beside: #""dependsOn": "File/b""#), false, "a text for a list"),
    (file(beside: #""status": {}"#), false, "a field beside spec"),
    (file(metadata: "{}"), false, "no name"),
    (#"{"apiVersion": "files/v1", "kind": "File", "metadata": {"name": "a"}}"#, false, "no spec"),
    (file(version: "files/v9"), false, "another version"),
  ]

  /// A document that is right but for what is given.
  private static func file(
    _ fields: String? = nil, beside: String? = nil, path: String? = #""/a""#,
    metadata: String = #"{"name": "a"}"#, version: String = "files/v1"
  ) -> String {
    let spec = [path.map { #""path": "# + $0 }, #""content": "x""#, fields].compactMap(\.self)
    let parts = [
      #""apiVersion": "\#(version)", "kind": "File", "metadata": \#(metadata)"#,
      #""spec": {"# + spec.joined(separator: ", ") + "}",
    ]
    return "{" + (parts + [beside].compactMap(\.self)).joined(separator: ", ") + "}"
  }

  @Test(
    "a validator that is not ours and tend validate agree, for one kind and for all",
    .enabled(if: hasValidator))
  func agreement() async throws {
    let command = try Command()
    for (index, document) in Self.documents.enumerated() {
      try command.folder.write(document.text, to: "docs/\(index)/a.json")
    }
    try command.folder.write(
      Self.file(path: #""/b""#, metadata: #"{"name": "b"}"#), to: "docs/4/b.json")
    let judged = try await command.shell(
      """
      "$tend" schema File > File.json && "$tend" schema > all.json
      for directory in $(ls docs | sort -n); do
        one=no; /usr/bin/jsonschema -i docs/$directory/a.json File.json > out 2>&1 && one=yes
        all=no; /usr/bin/jsonschema -i docs/$directory/a.json all.json > out 2>&1 && all=yes
        ours=no; "$tend" validate -f docs/$directory > out 2>&1 && ours=yes
        echo "$one $all $ours"
      done
      """)
    let lines = judged.out.split(separator: "\n")
    try #require(lines.count == Self.documents.count, "\(judged.errors)")
    for (line, document) in zip(lines, Self.documents) {
      let word = document.isValid ? "yes" : "no"
      #expect(line == "\(word) \(word) \(word)", "\(document.reason)")
    }
  }

  @Test(
    "a placeholder may stand for a scalar of any type, in a spec and not beside it",
    .enabled(if: hasValidator))
  func placeholders() async throws {
    let command = try Command()
    let values = #""sensitive": "${secret}", "replace": "${how}""#
    try command.folder.write(Self.file(values), to: "docs/a.json")
    try command.folder.write("secret: true\nhow: inPlace\n", to: "docs/values.yaml")
    try command.folder.write("values: [values.yaml]\n", to: "docs/tend.yaml")
    let beside = Self.file(beside: #""lifecycle": {"interval": "${pause}"}"#)
    try command.folder.write(beside, to: "beside.json")
    let judged = try await command.shell(
      """
      "$tend" schema File > File.json
      "$tend" validate -f docs && /usr/bin/jsonschema -i docs/a.json File.json
      /usr/bin/jsonschema -i beside.json File.json 2>out && echo "taken beside the spec"
      """)
    #expect(!judged.out.contains("taken beside"))
    #expect(judged.errors == "")
  }

  @Test(
    "a validator that is not ours takes the example's configuration, and not one with a mistake",
    .enabled(if: hasValidator))
  func agent() async throws {
    let command = try Command()
    let good = #"{"units": [{"name": "web", "source": {"directory": "/srv"}, "refresh": "1m"}]}"#
    try command.folder.write(good, to: "good.json")
    try command.folder.write(
      good.replacing("refresh", with: "refersh"), to: "bad.json")
    let judged = try await command.shell(
      """
      "$tend" schema agent > agent.json
      /usr/bin/jsonschema -i good.json agent.json && ! /usr/bin/jsonschema -i bad.json agent.json
      """)
    #expect(judged.status == 0, "\(judged.errors)")
  }

  @Test("what is not a kind is refused, and a field has no schema of its own")
  func unknown() async throws {
    let command = try Command()
    #expect(try await command("schema", "Fil").errors.contains("there is no kind Fil"))
    #expect(try await command("schema", "File.mode").status == 1)
    #expect(try await command("schema", "tend.yaml").status == 0)
  }
}

@Suite("Manifests in other tools' hands")
struct RoundTripTests {
  @Test(
    "yq reads and writes manifests back without a change to what they declare",
    .enabled(if: isInstalled("yq") && isInstalled("jq")))
  func yq() async throws {
    let command = try Command()
    try command.writeDesired()
    let plans = try await command.shell(
      """
      mkdir again patched
      yq -y . desired/site.yaml > again/site.yaml
      edit='if .kind == "File" then .spec.mode = "0600" else .metadata.labels.tier = "base" end'
      yq -y "$edit" desired/site.yaml > patched/site.yaml
      where='walk(if type == "object" then del(.place, .source) else . end)'
      for directory in desired again patched; do
        "$tend" plan -f $directory -o json | jq -Sc ".changes | $where"
      done
      """)
    let lines = plans.out.split(separator: "\n")
    try #require(lines.count == 3, "\(plans.errors)")
    #expect(lines[0] == lines[1])
    #expect(lines[2].contains(#""desired":"0600","path":"mode""#))
  }
}
