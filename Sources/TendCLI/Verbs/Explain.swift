import ArgumentParser
import Tend
import TendAgent
import TendEngine
import TendManifest

/// The verb `tend explain`.
struct Explain: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Documents a kind, or one of its fields.",
    discussion: """
      Examples:

        tend explain                the kinds that there are
        tend explain File           all fields of a kind
        tend explain File.mode      one field
        tend explain agent          the configuration of an agent
        tend explain tend.yaml      the settings of a tree of manifests
        tend explain -f . Queue     a kind that the manifests here define
      """)

  @Argument(
    help: "KIND or KIND.FIELD, with the group in front where it is ambiguous; agent; tend.yaml.",
    completion: .kinds)
  var what: String?
  @Option(
    name: [.customShort("f"), .customLong("file")],
    help: ArgumentHelp(
      "Manifests whose own kinds are documented as well.", valueName: "path"))
  var path: String?

  var placePrefix: String { path.map { Input(path: $0).prefix } ?? "" }

  func perform(in session: Session) async throws -> ExitStatus {
    let kinds = try await kinds(of: session.engine(InMemoryStore())).sorted { $0.name < $1.name }
    guard let what else {
      session.console.out(Self.table(of: kinds, session.console.style))
      return .success
    }
    if let text = try Self.document(what) {
      session.console.out(text)
      return .success
    }
    let (kind, field) = try Self.find(what, among: kinds)
    guard let text = Explanation.text(of: kind.name, kind.schema, field: field) else {
      throw Failure(
        "NotFound", Explanation.missing(field: field ?? "", of: kind.name, kind.schema))
    }
    session.console.out(text)
    return .success
  }

  private func kinds(of engine: Engine) async throws -> [KindDescription] {
    guard let path else { return engine.kinds }
    let input = Input(path: path)
    let unit = try input.unit(named: nil)
    let snapshot = try await input.read(for: unit).checked(by: engine, for: unit)
    return engine.kinds(in: snapshot, unit: unit)
  }

  /// The text for a file that is no manifest, or for a field of it; nil where a kind is meant.
  private static func document(_ what: String) throws(Failure) -> String? {
    for (name, schema) in [
      (TreeSettings.path, TreeSettings.schema), ("agent", ConfigurationSchema.schema),
    ] where what == name || what.hasPrefix(name + ".") {
      let field = what == name ? nil : String(what.dropFirst(name.count + 1))
      if let text = Explanation.text(ofFile: name, schema, field: field) { return text }
      throw Failure(
        "NotFound", Explanation.missing(field: field ?? "", ofFile: name, schema))
    }
    return nil
  }

  private static func table(of kinds: [KindDescription], _ style: Style) -> String {
    var table = Table("KIND", "VERSION", "WHAT IT IS")
    for kind in kinds {
      let summary = kind.schema.summary.split(separator: "\n").first ?? ""
      table.add([.init(kind.name.kind), .init(kind.name.apiVersion), .init(String(summary))])
    }
    return table.text(style)
  }

  /// Splits `KIND.FIELD` where a kind ends; a group may have dots itself.
  static func find(
    _ what: String, among kinds: [KindDescription]
  ) throws(Failure) -> (KindDescription, field: String?) {
    let start = what.lastIndex(of: "/").map(what.index(after:)) ?? what.startIndex
    let dot = what[start...].firstIndex(of: ".")
    let name = String(what[..<(dot ?? what.endIndex)])
    let field = dot.map { String(what[what.index(after: $0)...]) }
    let found = kinds.filter { kind in
      name.lowercased() == kind.name.kind.lowercased() || KindName(name) == kind.name
    }
    if let only = found.first, found.count == 1 { return (only, field) }
    let names = (found.isEmpty ? kinds : found).map { "\($0.name.apiVersion)/\($0.name.kind)" }
    throw Failure(
      found.isEmpty ? "NotFound" : "Ambiguous",
      found.isEmpty ? "there is no kind \(name)" : "\(name) is several kinds",
      remedy: "the kinds are \(names.joined(separator: ", "))")
  }
}
