public import Tend

/// The files of values of one tree, from which the values of each host come.
public struct ValueLayers: Sendable {
  private let paths: [ValuesPath]
  private var files: [String: ValuesFile] = [:]

  /// Takes the paths of `tend.yaml`; `add` the files before anything is asked.
  public init(_ settings: TreeSettings) { paths = settings.values }

  /// Whether a file has to be read for these inputs; for any host where there are none.
  public func needs(_ path: String, for inputs: ValueInputs?) -> Bool {
    paths.contains { entry in
      guard entry.mayName(path) else { return false }
      guard let inputs, let host = entry.host(of: path) else { return true }
      return host == inputs.host
    }
  }

  /// Takes in a file.
  public mutating func add(_ file: ValuesFile) { files[file.path] = file }

  /// The values for a host and a unit, and all that is wrong with the files that these need.
  ///
  /// The values of the unit come before those of later files, these before those of earlier ones.
  public func values(for inputs: ValueInputs) -> (values: Values, diagnostics: Diagnostics) {
    var values = inputs.beginning
    values.merge(inputs.values)
    var wrong: [Diagnostic] = []
    for entry in paths {
      guard let path = entry.path(with: values), let file = files[path] else {
        if !entry.isVariable { wrong.append(Self.missing(entry)) }
        continue
      }
      wrong += file.diagnostics
      values.merge(file.fields)
      values.merge(inputs.values)
    }
    return (values, Diagnostics(wrong).sorted)
  }

  /// The hosts that files are named after, in their order.
  public var hosts: [String] {
    Set(paths.flatMap { entry in files.keys.compactMap { entry.host(of: $0) } }).sorted()
  }

  private static func missing(_ entry: ValuesPath) -> Diagnostic {
    Diagnostic(
      .source, at: entry.place, "there is no file \(entry.description)",
      remedy: "add it, or correct the path; only one with ${NAME} in it may be missing")
  }
}
