import Foundation
import Synchronization
import Tend
import TendFiles
import Testing

/// A folder of its own for one test, and a provider that keeps what is declared in it.
final class Playground: Sendable {
  let path: String
  let provider: FileProvider
  let surroundings: TestSurroundings
  private let memories = Mutex<[EntryPath: EntryMemory]>([:])

  init(
    _ configuration: FileProvider.Configuration = .init(), backups: (any BackupStore)? = nil,
    isRepair: Bool = false, in parent: String = "/tmp", deadline: Duration = .seconds(60)
  ) throws {
    var template = Array("\(parent)/tend-files-XXXXXX".utf8CString)
    path = try #require(mkdtemp(&template).map { String(cString: $0) })
    chmod(path, 0o755)
    provider = FileProvider(configuration)
    surroundings = TestSurroundings(
      backups: backups, isRepair: isRepair, deadline: deadline)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var context: Context { surroundings.context }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Declares an entry at a path below the folder, or at an absolute one.
  func declare(
    _ kind: String, _ name: String, _ fields: Value.Fields = .init()
  ) throws -> EntrySpec {
    try TendFilesTests.declare(
      kind, name.hasPrefix("/") ? name : self(name), fields, in: provider)
  }

  func file(
    _ name: String, _ content: String = "hello\n", mode: String? = nil, _ more: Value = [:]
  ) throws -> EntrySpec {
    var fields: [Value.Fields.Entry] = [.init(key: "content", value: .string(content))]
    if let mode { fields.append(.init(key: "mode", value: .string(mode))) }
    if case .map(let others) = more { fields += others.entries }
    return try declare("File", name, .init(fields))
  }

  func file(_ name: String, _ more: Value) throws -> EntrySpec {
    try file(name, "hello\n", more)
  }

  func directory(_ name: String, _ fields: Value = [:]) throws -> EntrySpec {
    guard case .map(let fields) = fields else { return try declare("Directory", name) }
    return try declare("Directory", name, fields)
  }

  func link(_ name: String, to target: String, _ more: Value = [:]) throws -> EntrySpec {
    var fields: [Value.Fields.Entry] = [.init(key: "target", value: .string(target))]
    if case .map(let others) = more { fields += others.entries }
    return try declare("Symlink", name, .init(fields))
  }

  /// Looks at an entry, with what is remembered of it.
  func observe(_ spec: EntrySpec) async throws(ProviderError) -> Entry? {
    let memory = memories.withLock { $0[spec.id] }
    let entry = try await provider.observe(
      Target(id: spec.id, desired: spec, memory: memory), context)
    memories.withLock { $0[spec.id] = entry?.memory }
    return entry
  }

  func differences(_ spec: EntrySpec) async throws -> [Difference] {
    spec.differences(from: try await observe(spec))
  }

  func paths(_ spec: EntrySpec) async throws -> [String] {
    try await differences(spec).map(\.path)
  }

  /// Observes, compares and changes once, as the engine does.
  @discardableResult
  func reconcile(
    _ spec: EntrySpec, ignoring ignored: [String] = [], adopts: Bool = false
  ) async throws(ProviderError) -> Outcome? {
    let current = try await observe(spec)
    let differences = spec.differences(from: current).filter { !ignored.contains($0.path) }
    if current != nil, differences.isEmpty { return nil }
    let outcome = try await apply(plan(spec, current, differences, adopts: adopts))
    _ = try await observe(spec)
    return outcome
  }

  func plan(
    _ spec: EntrySpec, _ current: Entry?, _ differences: [Difference], adopts: Bool = false
  ) -> Change<EntrySpec> {
    guard let current else { return Change(.create(spec), differences) }
    let action: Change<EntrySpec>.Action =
      differences.contains(where: \.forcesReplacement)
      ? .replace(current, with: spec) : .update(current, to: spec)
    return Change(action, differences, adopts: adopts)
  }

  func apply(_ change: Change<EntrySpec>) async throws(ProviderError) -> Outcome {
    try await provider.apply(change, Journal { (_: EntryMemory) throws(ProviderError) in }, context)
  }

  /// Removes what is no longer declared.
  @discardableResult
  func prune(_ spec: EntrySpec) async throws(ProviderError) -> Outcome? {
    let memory = memories.withLock { $0[spec.id] }
    let target = Target<EntrySpec>(id: spec.id, desired: nil, memory: memory)
    guard let current = try await provider.observe(target, context) else { return nil }
    return try await apply(Change(.delete(current), []))
  }
}

/// Decodes a declaration as the engine does; throws all that is wrong.
func declare(
  _ kind: String, _ path: String, _ fields: Value.Fields, in provider: FileProvider = FileProvider()
) throws -> EntrySpec {
  let name = KindName(apiVersion: "files/v1", kind: kind)
  let spec = Value.map(.init([.init(key: "path", value: .string(path))] + fields.entries))
  let declaration = Declaration(
    Reference(kind: name, name: "it"), spec: spec, at: Place(file: "it.yaml", line: 1, column: 1))
  let served = try #require(provider.kinds.first { $0.name == name })
  let violations = served.schema.diagnostics(for: declaration)
  guard violations.isEmpty else { throw Diagnostics(violations) }
  return try served.decode(declaration)
}

func write(_ text: String, to path: String) throws {
  try Data(text.utf8).write(to: URL(fileURLWithPath: path))
}

func text(of path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

func status(of path: String) throws -> stat {
  var status = stat()
  try #require(lstat(path, &status) == 0, "no \(path)")
  return status
}

func mode(of path: String) throws -> String {
  let bits = String(try status(of: path).st_mode & 0o7777, radix: 8)
  return String(repeating: "0", count: 4 - bits.count) + bits
}

func names(in path: String) -> [String] {
  ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
}

/// The error that a body throws; nil where it throws none.
func failure(_ body: () async throws -> Void) async -> ProviderError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? ProviderError
  }
}

/// Runs a program of the machine and waits for it.
@discardableResult
func run(_ arguments: String...) throws -> Int32 {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = arguments
  process.standardError = FileHandle.nullDevice
  try process.run()
  process.waitUntilExit()
  return process.terminationStatus
}

extension Trait where Self == ConditionTrait {
  /// For tests that mount, chown or chattr.
  static var asRoot: Self { .enabled(if: geteuid() == 0, "needs root") }
}
