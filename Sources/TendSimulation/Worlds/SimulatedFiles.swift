import Synchronization
public import Tend

/// A file system that keeps through a loss of power what was synced, and the rest by chance.
///
/// Content and names are synced apart, as POSIX has it: `sync` keeps what is in a file,
/// `syncFolder` keeps which names there are.
public final class SimulatedFiles: SimulatedWorld {
  /// Makes the provider for one life of an agent.
  public typealias Maker = @Sendable (SimulatedFileClient) -> any Provider

  struct File: Sendable {
    var content = ""
    /// Whether all of it was written, and not only a part so far.
    var isWhole = true
    var synced: (content: String, isWhole: Bool)?
  }

  fileprivate struct State {
    var files: [Int: File] = [:]
    var last = 0
    var names: [String: Int] = [:]
    var syncedNames: [String: Int] = [:]
    /// What somebody else made where there was nothing.
    var theirs: Set<String> = []
    var drift: (life: Life, report: Drift<String>)?
  }

  /// The secret that one of the files holds.
  public static let canary = "canary-5b1d0c2e"

  /// `files`.
  public let provider = "files"
  /// The paths that may be declared.
  public let identities: [String]
  private let state = Mutex(State())
  private let make: Maker

  /// A file system with nothing in it but a file of somebody else.
  ///
  /// `provider` makes the provider that works with it; by default it is one that is right.
  public init(
    count: Int = 6,
    provider make: @escaping Maker = {
      SimulatedFileProvider(client: $0)
    }
  ) {
    identities = (0..<count).map { "/etc/app/\($0).conf" }
    self.make = make
    state.withLock { $0.put("/etc/passwd", "root") }
  }

  /// One secret.
  public var secrets: [(source: SecretSource, text: String)] {
    [(.environment("TOKEN"), Self.canary)]
  }

  /// The provider that it was made with.
  public func makeProvider(_ life: Life) -> any Provider {
    make(SimulatedFileClient(files: self, life: life))
  }

  /// Every fourth variant holds the secret; what is not declared any more is deleted, whoever made
  /// it.
  public func declaration(
    of identity: String, variant: Int, dependsOn: [String]
  ) -> Declaration {
    let content: Value.Fields.Entry =
      variant % 4 == 3
      ? .init(key: "secret", value: "TOKEN")
      : .init(key: "content", value: .string(text(of: identity, variant: variant)))
    var lifecycle = Lifecycle()
    lifecycle.deletionPolicy = .delete
    return Declaration(
      Reference(kind: "files/v1 File", name: identity.split(separator: "/").joined(separator: "-")),
      dependencies: dependsOn, lifecycle: lifecycle,
      spec: .map(Value.Fields([.init(key: "path", value: .string(identity)), content])),
      at: Place(file: "files.yaml", line: 1, column: 1))
  }

  /// The content.
  public func text(of identity: String, variant: Int) -> String {
    variant % 4 == 3 ? Self.canary : "content \(variant % 4)"
  }

  /// All files, by path.
  public func contents() -> [SimulatedThing] {
    state.withLock { state in
      state.names.sorted { $0.key < $1.key }.compactMap { path, number in
        state.files[number].map { file in
          SimulatedThing(path, file.content, isOurs: !state.theirs.contains(path))
        }
      }
    }
  }

  /// Writes something else, or removes it.
  public func interfere(with identity: String, _ draw: inout Draw) -> String {
    let isRemoved = draw.below(3) == 0
    let (text, drift) = state.withLock { state in
      if isRemoved {
        state.names[identity] = nil
        state.syncedNames[identity] = nil
        return ("somebody removes \(identity)", state.drift)
      }
      state.put(identity, "edited")
      return ("somebody writes \(identity)", state.drift)
    }
    if let drift, drift.life.isReported(identity, in: provider) {
      drift.report.mayHaveChanged(identity)
    }
    return text
  }

  /// Without power, each name and content that was not synced is there or is not.
  public func suffer(_ loss: Loss, _ draw: inout Draw) -> [String] {
    state.withLock { state in
      state.drift = nil
      if loss == .machine { state.losePower(&draw) }
      return state.names.keys.sorted().filter { path in
        !path.hasSuffix(SimulatedFileClient.suffix) && state[path]?.isWhole == false
      }.map { "\($0) holds a half of what was to be written" }
    }
  }

  // MARK: For the client

  func content(_ path: String) -> String? { state.withLock { $0[path]?.content } }

  func write(_ content: String, isWhole: Bool, to path: String) {
    state.withLock { state in
      if state[path] == nil {
        state.last += 1
        state.names[path] = state.last
        state.files[state.last] = File()
      }
      state[path]?.content = content
      state[path]?.isWhole = isWhole
    }
  }

  func sync(_ path: String) {
    state.withLock { state in
      if let file = state[path] { state[path]?.synced = (file.content, file.isWhole) }
    }
  }

  func rename(_ path: String, to other: String) {
    state.withLock { state in
      if let number = state.names.removeValue(forKey: path) { state.names[other] = number }
    }
  }

  func remove(_ path: String) {
    state.withLock { state in
      state.names[path] = nil
      state.theirs.remove(path)
    }
  }

  func syncNames() { state.withLock { $0.syncedNames = $0.names } }

  func watch(_ report: Drift<String>, in life: Life) {
    state.withLock { $0.drift = (life, report) }
  }
}

extension SimulatedFiles.State {
  fileprivate subscript(path: String) -> SimulatedFiles.File? {
    get { names[path].flatMap { files[$0] } }
    set { if let number = names[path] { files[number] = newValue } }
  }

  /// Somebody writes a file, and it is on the disk at once.
  fileprivate mutating func put(_ path: String, _ content: String) {
    if names[path] == nil { theirs.insert(path) }
    last += 1
    files[last] = SimulatedFiles.File(content: content, synced: (content, true))
    names[path] = last
    syncedNames[path] = last
  }

  fileprivate mutating func losePower(_ draw: inout Draw) {
    for path in Set(names.keys).union(syncedNames.keys).sorted()
    where names[path] != syncedNames[path] {
      if draw.below(2) == 0 { names[path] = syncedNames[path] }
    }
    syncedNames = names
    let named = Set(names.values)
    files = files.filter { number, _ in named.contains(number) }
    for number in files.keys.sorted() {
      guard let file = files[number], file.synced.map({ $0.content }) != file.content else {
        continue
      }
      tear(number, file, &draw)
    }
  }

  /// What was written and not synced is all there, or a part of it, or what was there before.
  private mutating func tear(_ number: Int, _ file: SimulatedFiles.File, _ draw: inout Draw) {
    switch draw.below(3) {
    case 0: break
    case 1:
      files[number]?.content = String(file.content.prefix(file.content.count / 2))
      files[number]?.isWhole = false
    default:
      files[number]?.content = file.synced?.content ?? ""
      files[number]?.isWhole = file.synced?.isWhole ?? false
    }
    let torn = files[number]
    files[number]?.synced = torn.map { ($0.content, $0.isWhole) }
  }
}

/// How a provider works with simulated files, for one life of an agent.
public struct SimulatedFileClient: Sendable {
  /// What the names of temporary files end in.
  public static let suffix = ".new"

  let files: SimulatedFiles
  /// The life.
  public let life: Life

  /// The content of a file; nil where there is none.
  public func read(_ path: String) async throws(ProviderError) -> String? {
    try await life.read("read \(path)", of: owner(path), in: files.provider) {
      files.content(path)
    }
  }

  /// Writes a file, half of it at first, as a program does that is interrupted.
  public func write(_ content: String, to path: String) async throws(ProviderError) {
    let half = String(content.prefix(content.count / 2))
    try await change("begin to write", path) { files.write(half, isWhole: false, to: path) }
    try await change("write", path) { files.write(content, isWhole: true, to: path) }
  }

  /// Keeps the content of a file through a loss of power.
  public func sync(_ path: String) async throws(ProviderError) {
    try await change("sync", path) { files.sync(path) }
  }

  /// Gives a file another name, in the place of what has it.
  public func rename(_ path: String, to other: String) async throws(ProviderError) {
    try await change("rename", other) { files.rename(path, to: other) }
  }

  /// Removes a file; it is no error where there is none.
  public func remove(_ path: String) async throws(ProviderError) {
    try await life.change(
      "remove \(path)", of: owner(path), in: files.provider, deletes: owner(path) == path
    ) {
      files.remove(path)
    }
  }

  /// Keeps all names through a loss of power.
  public func syncFolder(of path: String) async throws(ProviderError) {
    try await change("sync the folder of", path) { files.syncNames() }
  }

  /// Reports what others do to files until the life ends.
  public func watch(_ drift: Drift<String>) async {
    files.watch(drift, in: life)
    await life.untilItEnds()
  }

  private func change(
    _ what: String, _ path: String, _ body: @Sendable () -> Void
  ) async throws(ProviderError) {
    try await life.change("\(what) \(path)", of: owner(path), in: files.provider, body)
  }

  /// The file that a temporary one is written for.
  private func owner(_ path: String) -> String {
    path.hasSuffix(Self.suffix) ? String(path.dropLast(Self.suffix.count)) : path
  }
}
