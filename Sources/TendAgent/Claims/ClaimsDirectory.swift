private import Glibc
import Synchronization
import Tend
public import TendEngine
import TendSQLite

/// What the agents of this host own: a file for each state directory, and a lock under which they
/// claim.
///
/// The files lie where a restart of the machine empties them, and only say where to look: whether
/// another agent owns a thing is asked of its store. So what a crash leaves here keeps nobody out,
/// and no agent has to be asked to let go.
public final class ClaimsDirectory: HostClaims {
  private struct State {
    /// Of the names that stand in our own file.
    var own: Set<Int> = []
    var stamp: ClaimsFile.Stamp?
    /// The files of others, as they were read last.
    var others: [String: (stamp: ClaimsFile.Stamp, contents: ClaimsFile.Contents)] = [:]
  }

  private let path: String
  private let stateDirectory: String
  private let state = Mutex(State())

  /// Claims for a state directory; nil where there is no place that all agents of a user share.
  ///
  /// The place is `$TEND_RUNTIME_DIR`, else `/run/tend` for root, else `tend` below
  /// `$XDG_RUNTIME_DIR`; claims lie in `claims` below it.
  public convenience init?(
    of directory: StateDirectory, environment: (String) -> String? = StateDirectory.variable,
    user: UInt32? = nil
  ) {
    let runtime: String
    if let named = environment("TEND_RUNTIME_DIR"), named.hasPrefix("/") {
      runtime = named
    } else if user ?? geteuid() == 0 {
      runtime = "/run/tend"
    } else if let named = environment("XDG_RUNTIME_DIR"), named.hasPrefix("/") {
      runtime = named + "/tend"
    } else {
      return nil
    }
    self.init(at: runtime + "/claims", of: directory)
  }

  /// Claims in this directory, made where it is missing.
  public init(at path: String, of directory: StateDirectory) {
    self.path = path
    stateDirectory = directory.path
  }

  /// Those that the store of another state directory proves to be that one's.
  public func conflicts(among claims: [HostClaim]) async throws(StoreError) -> [HostConflict] {
    let candidates = await onThreadOfItsOwn { self.candidates(claims) }
    return try await proven(candidates)
  }

  /// Takes the lock, asks the others' stores, writes the names down, and runs the body.
  ///
  /// Costs a look at a directory where no name is new. Throws `.busy` where another agent holds the
  /// lock for 10 s, as one that was stopped in the middle.
  public func claim(
    _ claims: [HostClaim], _ body: @Sendable () async throws(StoreError) -> Void
  ) async throws(StoreError) -> [HostConflict] {
    let new = await onThreadOfItsOwn { self.unknown(claims) }
    if new.isEmpty {
      try await body()
      return []
    }
    let lock = try await take()
    defer { lock.end() }
    let conflicts = try await self.conflicts(among: new)
    guard conflicts.isEmpty else { return conflicts }
    let failure = await onThreadOfItsOwn { () -> StoreError? in
      do throws(StoreError) {
        try self.add(new)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
    try await body()
    return []
  }

  // MARK: Our own

  private var own: ClaimsFile { ClaimsFile(path: "\(path)/\(Self.name(of: stateDirectory))") }

  /// A file whose name tells nothing but one state directory from another.
  private static func name(of stateDirectory: String) -> String {
    let hash = stateDirectory.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return String(hash, radix: 16)
  }

  /// Those that do not stand in our file, which somebody may have taken away.
  private func unknown(_ claims: [HostClaim]) -> [HostClaim] {
    let stamp = own.stamp
    return state.withLock { state in
      guard let stamp, stamp == state.stamp else { return claims }
      return claims.filter { !state.own.contains($0.name.hashValue) }
    }
  }

  /// Under the lock.
  private func add(_ claims: [HostClaim]) throws(StoreError) {
    let isNew = state.withLock { $0.stamp == nil || $0.stamp != own.stamp }
    try own.write(claims, of: stateDirectory, isNew: isNew)
    state.withLock { state in
      if isNew { state.own = [] }
      state.own.formUnion(claims.lazy.map(\.name.hashValue))
      state.stamp = own.stamp
    }
  }

  // MARK: Others

  /// What others say that they own, by their state directories.
  private func candidates(_ claims: [HostClaim]) -> [(claim: HostClaim, other: Other)] {
    let others = others()
    if others.isEmpty { return [] }
    return claims.flatMap { claim in
      others.compactMap { contents in
        contents.claims[claim.name].map { (claim, Other(state: contents.state, key: $0)) }
      }
    }
  }

  private struct Other: Sendable {
    var state: String
    var key: InventoryKey
  }

  private func others() -> [ClaimsFile.Contents] {
    let ownName = Self.name(of: stateDirectory)
    let names = Self.names(in: path).filter { $0 != ownName && $0 != Self.lockName }
    return state.withLock { state in
      for name in state.others.keys where !names.contains(name) { state.others[name] = nil }
      return names.sorted().compactMap { name in
        let file = ClaimsFile(path: "\(path)/\(name)")
        guard let stamp = file.stamp else { return nil }
        if let known = state.others[name], known.stamp == stamp { return known.contents }
        guard let contents = file.read() else { return nil }
        if access(contents.state, F_OK) != 0, errno == ENOENT {
          unlink(file.path)
          return nil
        }
        state.others[name] = (stamp, contents)
        return contents
      }
    }
  }

  private static func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }

  /// Those of the candidates that another store really owns.
  private func proven(
    _ candidates: [(claim: HostClaim, other: Other)]
  ) async throws(StoreError) -> [HostConflict] {
    var owned: [String: Set<InventoryKey>] = [:]
    var conflicts: [HostConflict] = []
    for (claim, other) in candidates {
      if owned[other.state] == nil {
        owned[other.state] = try await Self.inventory(of: other.state)
      }
      if owned[other.state]?.contains(other.key) == true {
        conflicts.append(HostConflict(claim, owner: other.state, state: stateDirectory))
      }
    }
    return conflicts
  }

  private static func inventory(of state: String) async throws(StoreError) -> Set<InventoryKey> {
    do throws(StoreError) {
      let store = try SQLiteStore(at: state, mode: .readOnly)
      let contents = try await store.load()
      await store.close()
      return Set(contents.inventory.map(\.key))
    } catch {
      if error.code == .missing { return [] }
      throw error
    }
  }

  // MARK: The lock

  static let lockName = "lock"

  private func take() async throws(StoreError) -> ClaimsLock {
    let path = path
    let answer = await onThreadOfItsOwn { () -> Result<ClaimsLock, StoreError> in
      do throws(StoreError) {
        return .success(try ClaimsLock(in: path))
      } catch {
        return .failure(error)
      }
    }
    return try answer.get()
  }

  static func error(_ what: String, _ path: String) -> StoreError {
    let code = errno
    let isForbidden = code == EACCES || code == EPERM || code == EROFS
    return StoreError(
      code == ENOSPC ? .full : isForbidden ? .notPermitted : .inputOutput,
      "can't \(what) \(path): \(String(cString: strerror(code)))",
      remedy: "make it writable, or name another directory in TEND_RUNTIME_DIR")
  }
}
