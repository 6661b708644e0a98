private import Glibc
private import Synchronization
public import Tend

/// Keeps processes running as they are declared: `processes/v1` `Process`.
///
/// A small program, the holder, is their parent; it outlives the agent, so that no child is touched
/// where the agent ends, is killed or is replaced. It is this same executable file under another
/// name. The provider tells it what to keep, and reports what it says.
public struct ProcessProvider: Provider, Residing, Linking, DriftReporting, HealthChecking,
  Describing, Restarting, LogKeeping, Renaming
{
  /// What is declared.
  public typealias Desired = ProcessSpec

  /// `Process`.
  public let kinds: [Kind<ProcessSpec>]
  /// Threads of its own, since it waits for the holder.
  public let execution = Execution.threads(8)
  /// Processes are looked after only while somebody does.
  public let needsAgent = true

  private let place = Place()
  private let usesCgroups: Bool

  /// Where it is at home, once that is known.
  private final class Place: Sendable {
    let home = Mutex<Home?>(nil)
  }

  /// Serves the processes of this machine.
  public init() { self.init(usesCgroups: true) }

  /// The same, which can do without cgroups even where there are some.
  init(usesCgroups: Bool) {
    self.usesCgroups = usesCgroups
    kinds = [
      Kind("processes/v1 Process", ProcessSchema.process) {
        (declaration: Declaration) throws(Diagnostics) in
        try ProcessSpec.process(declaration)
      }
    ]
  }

  /// Takes a directory below the state directory: for the holder's socket, its records and logs.
  public func reside(in residence: Residence) {
    place.home.withLock { $0 = $0 ?? Home(residence, usesCgroups: usesCgroups) }
  }

  /// The way to the holder; throws where no state directory is known.
  func home() throws(ProviderError) -> Home {
    guard let home = place.home.withLock({ $0 }) else {
      throw .permanent(
        "processes need a state directory", remedy: "make the engine with a residence")
    }
    return home
  }
}

/// One directory of processes, and the ways to its holder.
final class Home: Sendable {
  let residence: Residence
  let connection: HolderConnection
  let mirror: Mirror
  let cgroups: Cgroups

  init(_ residence: Residence, usesCgroups: Bool) {
    self.residence = residence
    cgroups = usesCgroups ? Cgroups() : .none
    connection = HolderConnection(
      directory: Self.absolute(residence.directory), usesCgroups: usesCgroups)
    mirror = Mirror(connection)
  }

  /// A path that means the same for the holder, which works elsewhere.
  private static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/") else { return path }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      guard let start = buffer.baseAddress, getcwd(start, buffer.count) != nil else { return path }
      return String(cString: start) + "/" + path
    }
  }

  /// A process as it is; nil where nothing of it runs.
  func state(_ id: String) throws(ProviderError) -> ProcessState? {
    if case .known(let state) = mirror.look(id) { return state }
    return try ask(id).map { ProcessState($0, boot: ProcessIdentity.boot) }
  }

  /// What the holder knows of a process; nil where nothing of it runs.
  func report(_ id: String) throws(ProviderError) -> Report? {
    if case .known(let state) = mirror.look(id) { return state?.report }
    return try ask(id)
  }

  private func ask(_ id: String) throws(ProviderError) -> Report? {
    if let reply = try connection.ask(.report(id: id)) { return try report(reply) }
    guard connection.abandoned().contains(where: { $0.id == id }) else { return nil }
    guard residence.isAgent else {
      throw .transient(
        "the holder of this process has died; an agent takes it up again",
        remedy: "start the agent")
    }
    try require()
    return try connection.ask(.report(id: id)).flatMap { reply throws(ProviderError) in
      try report(reply)
    }
  }

  /// Has the holder take an order, where there is none a new one.
  func keep(_ order: Order) throws(ProviderError) -> Report? {
    if let reply = try connection.ask(.keep(order)) { return try report(reply) }
    try require()
    return try connection.ask(.keep(order)).flatMap { reply throws(ProviderError) in
      try report(reply)
    }
  }

  private func require() throws(ProviderError) {
    try connection.require()
    mirror.wake()
  }

  /// Takes in an answer.
  func report(_ reply: HolderReply) throws(ProviderError) -> Report? {
    switch reply {
    case .report(let report):
      mirror.take(report)
      return report
    case .gone(let id):
      mirror.remove(id)
      return nil
    case .refused(let refusal):
      throw ProviderError(
        refusal.isPermanent ? .permanent : .transient, refusal.message, field: refusal.field)
    case .hello, .synchronised:
      throw .transient("the holder gave an answer that does not fit")
    }
  }
}
