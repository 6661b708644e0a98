import Tend
import TendEngine

/// Resources for people: `tend get`, `tend describe`.
struct ResourceText {
  var style = Style.plain

  /// One line a resource; the unit is named where there are several.
  func table(_ resources: [ResourceStatus], isWide: Bool = false) -> String {
    let hasUnits = isWide || Set(resources.map(\.unit)).count > 1
    var head = ["RESOURCE", "READY", "INSYNC", "STATUS"]
    if hasUnits { head.insert("UNIT", at: 0) }
    if isWide { head += ["IDENTITY", "REVISION", "CHANGED", "NEXT"] }
    var table = Table(head: head)
    for resource in resources {
      var row: [Table.Cell] = hasUnits ? [.init(resource.unit)] : []
      row += [
        .init(resource.reference), style.cell(resource.condition(.ready)),
        style.cell(resource.condition(.inSync)),
        .init(resource.conditions.headline(asOf: resource.asOf)),
      ]
      if isWide { row += wideCells(resource) }
      table.add(row)
    }
    return resources.isEmpty ? "No resources.\n" : table.text(style)
  }

  private func wideCells(_ resource: ResourceStatus) -> [Table.Cell] {
    [
      .init(resource.identity), .init(Revision(id: resource.revision).short),
      .init(resource.lastChange?.description ?? "-"),
      .init(resource.nextReconcile.map { "in \($0.brief)" } ?? "-"),
    ]
  }

  /// Everything that is known of one resource, with what happened to it last.
  func description(of resource: ResourceStatus, events: [Event] = []) -> String {
    var list = FieldList()
    list.add("kind", "\(resource.apiVersion) \(resource.kind)".printable)
    list.add("identity", resource.identity.printable)
    list.add("unit", resource.unit.printable)
    list.add("declared at", place(of: resource))
    list.add("revision", Revision(id: resource.revision).short)
    if resource.isAdopted { list.add("adopted", "it was there before it was declared") }
    list.add("as of", resource.asOf?.description)
    for condition in resource.conditions {
      list.add(condition.type.rawValue, style.line(condition))
    }
    if let suspension = resource.suspension {
      list.add("to go on", "tend resume " + argument(of: suspension, resource).printable)
    }
    list.add("depends on", resource.dependsOn.map(\.printable))
    list.add("waits for", resource.waitsFor.map(\.printable))
    list.add("last change", resource.lastChange?.description)
    list.add("next look", resource.nextReconcile.map { "in \($0.brief)" })
    if resource.failures > 0 { list.add("failures in a row", "\(resource.failures)") }
    list.add("differs in", resource.differences.map(\.difference.path.printable))
    for detail in resource.details.sorted(by: { $0.key < $1.key }) {
      list.add(detail.key.printable, detail.value.printable)
    }
    var text = style.strong(resource.reference.printable) + "\n" + list.text()
    if !events.isEmpty { text += "\nLast events\n" + EventText(style: style).lines(events) }
    return text
  }

  private func argument(of suspension: Suspension, _ resource: ResourceStatus) -> String {
    if suspension.isOfEverything { return "--all" }
    return suspension.resource == nil ? resource.unit : resource.reference
  }

  private func place(of resource: ResourceStatus) -> String {
    resource.isDeclared ? resource.place.printable : "no longer; was \(resource.place.printable)"
  }
}
