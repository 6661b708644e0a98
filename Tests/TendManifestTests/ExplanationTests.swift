import Tend
import Testing

@testable import TendManifest

@Suite("Explaining a kind")
struct ExplanationTests {
  static let schema = Schema(
    """
    Keeps a queue on a broker as it was declared, and says when the broker has forgotten it \
    or changed it.
    """,
    [
      .string("name", required: true, immutable: true, "The name of the queue on the broker."),
      .choice("type", ["classic", "quorum"], default: "classic", "How messages are kept."),
      .string("password", default: "x", sensitive: true, "A secret that the broker asks for."),
      .object(
        "limits",
        [
          .integer("length", in: 1...1000, default: 100, "Messages that are kept, at most."),
          .duration("age", default: "1h", "How long a message is kept."),
        ], "Bounds."),
      .list(
        "bindings", of: .object([.string("key", required: true, "The routing key.")]),
        "What comes in."),
    ],
    example: "apiVersion: broker/v1\nkind: Queue\n\nspec:\n  name: q")

  @Test("the page of a kind shows its fields, those below them, and an example, in 80 columns")
  func page() throws {
    let text = try #require(Explanation.text(of: "broker/v1 Queue", Self.schema))
    #expect(
      text.split(separator: "FIELDS OF EVERY").first.map(String.init) == """
        KIND     Queue
        VERSION  broker/v1

        Keeps a queue on a broker as it was declared, and says when the broker has
        forgotten it or changed it.

        FIELDS OF spec
          name <string, required, immutable>
              The name of the queue on the broker.
          type <classic | quorum, default "classic">
              How messages are kept.
          password <string, sensitive>
              A secret that the broker asks for.
          limits <map>
              Bounds.
              length <integer 1 to 1000, default 100>
                  Messages that are kept, at most.
              age <duration, default "1h">
                  How long a message is kept.
          bindings <list of map>
              What comes in.
              key <string, required>
                  The routing key.


        """)
    #expect(
      text.hasSuffix("\nEXAMPLE\n  apiVersion: broker/v1\n  kind: Queue\n\n  spec:\n    name: q\n"))
    #expect(text.contains("\n  metadata <map, required>\n"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test("the page of one field shows it and what lies below it")
  func field() {
    #expect(
      Explanation.text(of: "broker/v1 Queue", Self.schema, field: "limits.age") == """
        KIND     Queue
        VERSION  broker/v1
        FIELD    limits.age

        age <duration, default "1h">
            How long a message is kept.

        """)
    #expect(
      Explanation.text(of: "broker/v1 Queue", Self.schema, field: "spec.limits.age")?
        .contains("How long a message is kept.") == true)
    #expect(
      Explanation.text(of: "broker/v1 Queue", Self.schema, field: "lifecycle.interval")?
        .contains("How often the resource is looked at") == true)
  }

  @Test("a field that is not there has no page, but a remedy")
  func missing() {
    #expect(Explanation.text(of: "broker/v1 Queue", Self.schema, field: "limit") == nil)
    #expect(
      Explanation.missing(field: "limit.age", of: "broker/v1 Queue", Self.schema)
        == "Queue has no field limit.age; did you mean limits?")
    #expect(
      Explanation.missing(field: "limits.xyz", of: "broker/v1 Queue", Self.schema)
        == "Queue has no field limits.xyz; tend explain Queue lists the fields")
  }

  @Test("a word that is longer than a line stays whole")
  func longWord() {
    let word = String(repeating: "x", count: 100)
    let text = Explanation.text(of: "a/v1 K", Schema("Short \(word) end.", []))
    #expect(text?.contains("\nShort\n\(word)\nend.\n") == true)
  }

  @Test("the example of the envelope and of tend.yaml is what their schemas accept")
  func examples() throws {
    let manifest = try #require(Envelope.schema.example)
    #expect(read([("a.yaml", manifest)]).diagnostics.isEmpty)
    let settings = try #require(TreeSettings.schema.example)
    #expect(try TreeSettings(Array(settings.utf8)).name == "web")
  }

  @Test("the schema of the envelope has the fields of a lifecycle, and no others")
  func lifecycle() throws {
    var lifecycle = Lifecycle()
    lifecycle.interval = .seconds(1)
    lifecycle.timeout = .seconds(1)
    lifecycle.mode = .observe
    lifecycle.deletionPolicy = .orphan
    guard case .map(let encoded) = try ValueEncoder().encode(lifecycle) else {
      Issue.record("a lifecycle is a map")
      return
    }
    let documented = Envelope.schema.field(at: "lifecycle")?.type.fields.map(\.name) ?? []
    #expect(encoded.sorted.map(\.key) == documented.sorted())
  }
}
