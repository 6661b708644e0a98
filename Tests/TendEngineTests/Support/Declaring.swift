import Tend
import TendEngine

func snapshot(_ revision: String, _ declarations: [Declaration]) -> Snapshot {
  Snapshot(
    revision: Revision(id: revision, message: "change \(revision)"), declarations: declarations)
}

/// An item of the shelf; its name is its path unless it is given.
func item(
  _ path: String, name: String? = nil, kind: String = "Item", group: String = "shelf",
  content: String? = "x", mode: Int? = nil, color: String? = nil, secret: String? = nil,
  dependsOn: [String] = [], line: Int = 1, hasPlaceholders: Bool = false,
  _ lifecycle: (inout Lifecycle) -> Void = { _ in }
) -> Declaration {
  var fields: [Value.Fields.Entry] = [.init(key: "path", value: .string(path))]
  if let content { fields.append(.init(key: "content", value: .string(content))) }
  if let mode { fields.append(.init(key: "mode", value: .integer(Int64(mode)))) }
  if let color { fields.append(.init(key: "color", value: .string(color))) }
  if let secret { fields.append(.init(key: "secret", value: .string(secret))) }
  var treatment = Lifecycle()
  lifecycle(&treatment)
  return Declaration(
    Reference(kind: KindName(apiVersion: "\(group)/v1", kind: kind), name: name ?? path),
    dependencies: dependsOn, lifecycle: treatment, spec: .map(Value.Fields(fields)),
    at: Place(file: "shelf.yaml", line: line, column: 1), hasPlaceholders: hasPlaceholders)
}

/// A box; items below its path depend on it.
func box(_ path: String, name: String? = nil, dependsOn: [String] = []) -> Declaration {
  item(path, name: name, kind: "Box", content: nil, dependsOn: dependsOn)
}
