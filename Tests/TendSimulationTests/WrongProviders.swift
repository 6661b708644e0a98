import Synchronization
import Tend
import TendSimulation

/// Keeps things of the service, and makes one of some mistakes.
struct WrongServiceProvider: Provider {
  enum Mistake {
    /// Absence is believed to a replica that is behind.
    case believesReplica
    /// What failed is tried again without a look.
    case retriesBlindly
    /// Looking writes.
    case writesInObserve
  }

  let client: SimulatedServiceClient
  let mistake: Mistake
  let kinds = [SimulatedServiceProvider.kind]

  func observe(
    _ target: Target<SimulatedServiceSpec>, _ context: Context
  ) async throws(ProviderError) -> SimulatedServiceThing? {
    let things = try await client.list(for: target.id, fresh: mistake != .believesReplica)
    guard let thing = things.first(where: { $0.key == target.id }) else { return nil }
    if mistake == .writesInObserve, thing.value == target.desired?.value {
      try await client.put(thing, thing.value)
    }
    return SimulatedServiceThing(thing)
  }

  func apply(
    _ change: Change<SimulatedServiceSpec>, _ journal: Journal<SimulatedServiceSpec>,
    _ context: Context
  ) async throws(ProviderError) -> Outcome {
    switch change.action {
    case .create(let desired):
      do {
        _ = try await client.post(desired.key, desired.value, onlyIfAbsent: false)
      } catch {
        guard mistake == .retriesBlindly, error.code == .transient else { throw error }
        _ = try await client.post(desired.key, desired.value, onlyIfAbsent: false)
      }
    case .update(let found, let desired), .replace(let found, let desired):
      try await client.put(found.thing, desired.value)
    case .delete(let found): try await client.delete(found.thing)
    }
    return .done
  }
}

/// Keeps processes, and knows them by the number that it remembered alone.
struct ForgetfulProcessProvider: Provider {
  let client: SimulatedProcessClient
  let kinds = [SimulatedProcessProvider.kind]

  func observe(
    _ target: Target<SimulatedProcessSpec>, _ context: Context
  ) async throws(ProviderError) -> SimulatedProcess? {
    guard let pid = target.memory else { return nil }
    let running = try await client.list(for: target.id).filter { $0.pid == pid }
    return running.isEmpty ? nil : SimulatedProcess(id: target.id, running: running)
  }

  func apply(
    _ change: Change<SimulatedProcessSpec>, _ journal: Journal<SimulatedProcessSpec>,
    _ context: Context
  ) async throws(ProviderError) -> Outcome {
    switch change.action {
    case .create(let process): try await start(process, journal)
    case .update(let found, let process), .replace(let found, let process):
      for running in found.running { try await client.stop(running) }
      try await start(process, journal)
    case .delete(let found):
      for running in found.running { try await client.stop(running) }
    }
    return .done
  }

  private func start(
    _ process: SimulatedProcessSpec, _ journal: Journal<SimulatedProcessSpec>
  ) async throws(ProviderError) {
    try await journal.record(client.start(process.name, process.command))
  }
}

/// A file that remembers what is in it.
struct RememberedFile: Resource {
  let id: String
  let content: String
  var holdsSecret: Bool?
  var memory: String
}

struct RememberedFileSpec: DesiredState, Decodable {
  let path: String
  let content: String?
  let secret: String?
  var id: String { path }

  func differences(from current: RememberedFile?) -> [Difference] {
    compare { comparison in
      if secret != nil {
        comparison.secret("secret", isCurrent: current?.holdsSecret)
      } else {
        comparison.field("content", current?.content == content, true)
      }
    }
  }
}

/// Keeps files, and makes one of some mistakes.
struct WrongFileProvider: Provider {
  enum Mistake {
    /// What was not synced gets its name.
    case renamesUnsynced
    /// A file is written where it stands.
    case writesInPlace
    /// What is not its own is removed.
    case removesOthers
    /// What is in a file is remembered, also a secret.
    case remembersSecrets
    /// What is in a file is quoted where it is not what it should be, also a secret.
    case quotesSecrets
  }

  let client: SimulatedFileClient
  let mistake: Mistake
  let kinds = [
    Kind<RememberedFileSpec>(SimulatedFileProvider.kind.name, SimulatedFileProvider.kind.schema)
  ]

  func observe(
    _ target: Target<RememberedFileSpec>, _ context: Context
  ) async throws(ProviderError) -> RememberedFile? {
    guard let content = try await client.read(target.id) else { return nil }
    var file = RememberedFile(
      id: target.id, content: content, memory: mistake == .remembersSecrets ? content : "")
    if let name = target.desired?.secret {
      file.holdsSecret = content == (try await context.secret(.environment(name))).reveal()
    } else if mistake == .quotesSecrets, let wanted = target.desired?.content, wanted != content {
      context.note("\(target.id) holds \(content) and not \(wanted)")
    }
    return file
  }

  func apply(
    _ change: Change<RememberedFileSpec>, _ journal: Journal<RememberedFileSpec>,
    _ context: Context
  ) async throws(ProviderError) -> Outcome {
    switch change.action {
    case .create(let file), .update(_, let file), .replace(_, let file):
      try await write(file, context)
    case .delete(let file):
      try await client.remove(file.id)
      try await client.syncFolder(of: file.id)
    }
    if mistake == .removesOthers { try await client.remove("/etc/passwd") }
    return .done
  }

  private func write(
    _ file: RememberedFileSpec, _ context: Context
  ) async throws(ProviderError) {
    var content = file.content ?? ""
    if let name = file.secret { content = try await context.secret(.environment(name)).reveal() }
    if mistake == .writesInPlace {
      try await client.write(content, to: file.path)
      try await client.sync(file.path)
      return try await client.syncFolder(of: file.path)
    }
    let temporary = file.path + SimulatedFileClient.suffix
    try await client.write(content, to: temporary)
    if mistake != .renamesUnsynced { try await client.sync(temporary) }
    try await client.rename(temporary, to: file.path)
    try await client.syncFolder(of: file.path)
  }
}
