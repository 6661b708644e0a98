internal import Glibc
public import Logging
private import Synchronization
internal import SystemPackage
public import Tend
public import TendEngine
public import TendManifest

/// A directory, or one file, as a source.
///
/// Its manifests are read in one go and into memory. What is read counts only when it was read
/// twice with one result: so neither a half-written file nor a half-copied directory is taken for
/// what somebody wants. Links below the directory are not followed.
///
/// An engine that follows it has it read once it has changed and rests, by inotify. Its interval
/// stays what nothing can be lost by: where it can't be watched (the host's watches are used up, or
/// its file system tells of nothing, such as one over the network) it is read on that alone, and
/// the log says so.
public final class DirectorySource: WatchedSource {
  /// What people call it: the path as it was given.
  public let description: String

  private let configuration: DirectoryConfiguration
  private let manifests: ManifestReader
  private let reader: DirectoryReader
  private let watch: DirectoryWatch
  private let last = Mutex<Snapshot?>(nil)

  /// Readings until a directory that keeps changing is given up: with a second between, 10 s.
  private static let attempts = 10

  /// A directory or one file; nothing is read yet.
  public init(_ configuration: DirectoryConfiguration, manifests: ManifestReader = ManifestReader())
  {
    self.configuration = configuration
    self.manifests = manifests
    watch = DirectoryWatch(configuration)
    description = Printable.line(configuration.path, limit: 4096)
    reader = DirectoryReader(
      FilePath(configuration.path), manifests, for: configuration.values, configuration.limits,
      now: configuration.now)
  }

  /// Reads it, at least twice where it differs from what is known.
  public func refresh(after known: Revision?) async throws(SourceError) -> Refresh {
    var before: DirectoryReader.Reading?
    for attempt in 0..<Self.attempts {
      if attempt > 0 { try await pause(after: before) }
      let reading = try await read()
      if id(of: reading) == known?.id { return .unchanged }
      if reading.digest == before?.digest { return assemble(reading) }
      before = reading
    }
    throw SourceError(
      .limit, "\(description) changed between any two of \(Self.attempts) readings",
      remedy: "copy what is wanted there in one go, or exclude what changes in tend.yaml")
  }

  /// The last revision that was read; a directory keeps no earlier ones.
  public func snapshot(of revision: Revision) async throws(SourceError) -> Snapshot {
    if let last = last.withLock({ $0 }), last.revision.id == revision.id { return last }
    if case .changed(let snapshot) = try await refresh(after: nil),
      snapshot.revision.id == revision.id
    {
      return snapshot
    }
    throw SourceError(
      .missing, "\(description) is no longer as it was at \(revision.short)",
      remedy: "only a repository keeps earlier revisions")
  }

  /// Returns once the directory has changed and rests, for as long as `settle`.
  public func waitForChange() async { await watch.wait() }

  /// Why inotify tells of nothing; nil: it does.
  public var whyPolled: String? { watch.whyPolled }

  /// Reads it for every host that a file of values is named after; without such a file, for the
  /// one host that it is configured for.
  package func readForEveryHost() async throws(SourceError) -> EveryHost {
    let reader = DirectoryReader(
      FilePath(configuration.path), manifests, for: nil, configuration.limits,
      now: configuration.now)
    let reading = try await BlockingThread.run { () throws(SourceError) in try reader.read() }
    let read = manifests.read(reading.selection.files)
    var wrong = reading.selection.diagnostics
    wrong.append(contentsOf: read.diagnostics)
    let tree = DirectoryTree(reading.directory, limit: configuration.limits.fileBytes)
    let layers = reading.selection.layers
    let hosts = layers.hosts.map { host in
      var inputs = configuration.values
      inputs.host = host
      return EveryHost.Host(name: host, values: layers.values(for: inputs))
    }
    let only = EveryHost.Host(name: nil, values: layers.values(for: configuration.values))
    return EveryHost(
      snapshot: Snapshot(
        revision: Revision(id: id(of: reading)), declarations: read.declarations, tree: tree),
      diagnostics: wrong.sorted, hosts: hosts.isEmpty ? [only] : hosts)
  }

  private func read() async throws(SourceError) -> DirectoryReader.Reading {
    guard !Task.isCancelled else { throw SourceError(.cancelled, "cancelled") }
    return try await BlockingThread.run { [reader] () throws(SourceError) in try reader.read() }
  }

  /// Waits until nothing in it has changed for as long as it has to rest; what rests already is
  /// read again at once.
  private func pause(after reading: DirectoryReader.Reading?) async throws(SourceError) {
    var time = configuration.settle
    if let changed = reading?.changed {
      let age = configuration.now().nanoseconds.subtractingReportingOverflow(changed.nanoseconds)
      // What seems to have changed in the future says nothing about how long it rests.
      if !age.overflow, age.partialValue > 0 { time -= .nanoseconds(age.partialValue) }
    }
    if time <= .zero { return }
    do {
      try await configuration.clock.sleep(for: time)
    } catch {
      throw SourceError(.cancelled, "cancelled")
    }
  }

  private func id(of reading: DirectoryReader.Reading) -> String {
    reading.digest + configuration.values.mark
  }

  private func assemble(_ reading: DirectoryReader.Reading) -> Refresh {
    let read = manifests.read(reading.selection.files)
    var wrong = reading.selection.diagnostics
    wrong.append(contentsOf: read.diagnostics)
    let (values, problems) = reading.selection.layers.values(for: configuration.values)
    wrong.append(contentsOf: problems)
    let snapshot = Snapshot(
      revision: Revision(id: id(of: reading), time: reading.modified),
      declarations: read.declarations,
      tree: DirectoryTree(reading.directory, limit: configuration.limits.fileBytes),
      values: values)
    guard wrong.isEmpty else { return .invalid(snapshot, wrong.sorted) }
    last.withLock { $0 = snapshot }
    return .changed(snapshot)
  }
}

/// Which directory is read, and how.
public struct DirectoryConfiguration: Sendable {
  /// A directory or one file; links in this path are followed.
  public var path: String
  /// How long nothing in it may have changed before the second of two readings that must be equal.
  ///
  /// Default: 1 s, longer than an editor or a copy of a few files takes. Zero reads twice at once,
  /// for a command that somebody waits for.
  public var settle = Duration.seconds(1)
  /// Who it is read for.
  public var values = ValueInputs()
  /// Bounds on what is read.
  public var limits = SourceLimits()
  /// Where it is told that the directory can't be watched.
  public var logger = Logger(label: "tend.directory")
  /// What measures `settle`.
  public var clock: any Clock<Duration> = ContinuousClock()
  /// The wall clock, held against the times of files.
  public var now: @Sendable () -> Timestamp = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(
      nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
  }

  /// Reads a directory or a file.
  public init(path: String) { self.path = path }
}

/// A directory as it is read for each of many hosts.
package struct EveryHost: Sendable {
  /// What it declares, without values.
  package let snapshot: Snapshot
  /// What is wrong with it on all hosts.
  package let diagnostics: Diagnostics
  /// Each host.
  package let hosts: [Host]

  /// One host.
  package struct Host: Sendable {
    /// Its name; nil where nothing tells one host from another.
    package let name: String?
    /// Its values, and what is wrong with them.
    package let values: (values: Values, diagnostics: Diagnostics)
  }

  /// What is declared on a host.
  package func snapshot(on host: Host) -> Snapshot {
    Snapshot(
      revision: snapshot.revision, declarations: snapshot.declarations, tree: snapshot.tree,
      values: host.values.values)
  }
}
