import Tend
import TendManifest

/// Reading manifests: text to declarations, checked against a schema and decoded.
enum ManifestBenchmark {
  static let all = [
    Benchmark(
      name: "manifests", what: "parse, check and decode 10,000 documents",
      peer: .init(source: "yamlevents.c", arguments: [], libraries: ["yaml"]),
      figures: [
        .init(name: "cpu_ns", unit: .nanoseconds, ratioAim: 3),
        .init(name: "parse_ns", unit: .nanoseconds),
        .init(name: "decode_ns", unit: .nanoseconds),
      ]
    ) { try decode($0) },
    Benchmark(
      name: "manifests-again", what: "read 10,000 documents of which one file changed",
      figures: [.init(name: "cpu_ns", unit: .nanoseconds)]
    ) { readAgain($0) },
  ]

  private struct Spec: Decodable {
    var path: String
    var content: String?
    var mode: String?
    var owner: String?
  }

  private static let kind = Kind<Spec>(
    "files/v1 File",
    Schema(
      "A file.",
      [
        .string("path", required: true, "Where it is."), .string("content", "What it holds."),
        .string("mode", "Its mode."), .string("owner", "Its owner."),
      ]))

  /// As `yamlevents.c` makes them, a hundred documents a file.
  private static func files(_ percent: Double) -> [ManifestFile] {
    (0..<max(1, Int(percent))).map { file in
      let documents = (0..<100).map { document(file * 100 + $0) }
      return ManifestFile(
        path: "\(file).yaml", digest: .gitBlob("\(file)"), bytes: Array(documents.joined().utf8))
    }
  }

  private static func document(_ number: Int) -> String {
    let digits = String(number)
    let padded = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    return """
      ---
      apiVersion: files/v1
      kind: File
      metadata:
        name: file-\(padded)
        labels: {tier: base, app: web}
      dependsOn: [Directory/etc-app]
      lifecycle:
        interval: 5m
      spec:
        path: /etc/app/conf.d/file-\(padded).conf
        content: "listen = 127.0.0.1:\(number)\\n"
        mode: "0644"
        owner: root

      """
  }

  private static func decode(_ percent: Double) throws -> [String: Double] {
    let files = files(percent)
    let start = Measure.cpu()
    let reading = ManifestReader().read(files)
    let parsed = Measure.cpu()
    var specs: [Spec] = []
    specs.reserveCapacity(reading.declarations.count)
    for declaration in reading.declarations {
      guard kind.schema.diagnostics(for: declaration).isEmpty else { continue }
      specs.append(try declaration.decode(Spec.self))
    }
    let end = Measure.cpu()
    let count = Double(files.count * 100)
    guard specs.count == files.count * 100, reading.diagnostics.isEmpty else {
      throw Program.Failure(description: "\(specs.count) documents were read")
    }
    return [
      "cpu_ns": (end - start) / count, "parse_ns": (parsed - start) / count,
      "decode_ns": (end - parsed) / count,
    ]
  }

  private static func readAgain(_ percent: Double) -> [String: Double] {
    let reader = ManifestReader()
    let files = files(percent)
    _ = reader.read(files)
    let start = Measure.cpu()
    let changed = ManifestFile(
      path: "0.yaml", digest: .gitBlob("changed"), bytes: Array(document(0).utf8))
    let again = files.dropFirst().compactMap { file in
      file.digest.flatMap { reader.cache.file(at: file.path, digest: $0) }
    }
    _ = reader.read([changed] + again)
    return ["cpu_ns": (Measure.cpu() - start) / Double(files.count * 100)]
  }
}
