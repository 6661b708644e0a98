private import CTendProcesses
private import Synchronization
internal import Tend

/// Talks to the holder of a directory, and starts it where there is none.
///
/// Calls block for as long as the holder takes for one turn of its loop; a new conversation is
/// given up where the holder does not greet in time.
final class HolderConnection: Sendable {
  let directory: String
  /// How long it may take to greet: one that has no descriptor left lets who comes wait.
  private let patience: Duration
  /// Conversations that nobody is in.
  private let idle = Mutex<[Descriptor]>([])

  /// So that of many that miss a holder only one starts it.
  private let starting = Mutex(())
  private let usesCgroups: Bool

  init(directory: String, usesCgroups: Bool, patience: Duration = .seconds(10)) {
    self.directory = directory
    self.usesCgroups = usesCgroups
    self.patience = patience
  }

  private static let mostIdle = 8

  /// Asks, and waits for the answer; nil where there is no holder.
  func ask(_ request: HolderRequest) throws(ProviderError) -> HolderReply? {
    // One that lay idle may lead to a holder that has gone since; a new one tells.
    if let known = idle.withLock({ $0.popLast() }), let reply = try? exchange(request, known) {
      return reply
    }
    guard let socket = try connect() else { return nil }
    do {
      return try exchange(request, socket)
    } catch {
      throw ProviderError(.transient, "can't talk to the holder of processes", cause: error)
    }
  }

  private func exchange(_ request: HolderRequest, _ socket: Descriptor) throws -> HolderReply {
    try socket.send(Frame.bytes(request))
    let reply = try Self.receive(from: socket)
    keep(socket)
    return reply
  }

  /// The next message; throws at the end of the conversation.
  static func receive(from socket: Descriptor) throws -> HolderReply {
    var received: [UInt8] = []
    while true {
      if let body = try Frame.take(from: &received) {
        return try Frame.decode(HolderReply.self, body)
      }
      let missing =
        received.count < 4 ? 4 - received.count : bodyLength(received) + 4 - received.count
      let bytes = try socket.read(upTo: min(missing, 64 << 10))
      if bytes.isEmpty { throw SystemError(code: 32) }
      received += bytes
    }
  }

  private static func bodyLength(_ received: [UInt8]) -> Int {
    received.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Waits until nothing is left of a process; what is, where that takes too long.
  func awaitEnd(of id: String, patience: Duration) throws(ProviderError) -> Report? {
    guard let socket = try connect() else { return nil }
    do {
      try socket.send(Frame.bytes(HolderRequest.awaitEnd(id: id)))
      if Self.isReadable(socket, within: patience) {
        _ = try Self.receive(from: socket)
        return nil
      }
    } catch {
      throw ProviderError(.transient, "can't talk to the holder of processes", cause: error)
    }
    guard case .report(let report)? = try ask(.report(id: id)) else { return nil }
    return report
  }

  private static func isReadable(_ socket: Descriptor, within patience: Duration) -> Bool {
    let milliseconds = Int32(clamping: max(0, patience.nanoseconds / 1_000_000))
    return tend_wait_readable(socket.raw, milliseconds) == 1
  }

  /// A conversation with the holder that is there; nil where there is none, an error where it does
  /// not greet in time.
  func connect() throws(ProviderError) -> Descriptor? {
    guard let folder = try? Folder(at: directory), let socket = try open(in: folder) else {
      return nil
    }
    do {
      try socket.send(Frame.bytes(HolderRequest.hello(version: Frame.version)))
    } catch {
      return nil
    }
    guard Self.isReadable(socket, within: patience) else { throw silence }
    do {
      guard case .hello(Frame.version, _) = try Self.receive(from: socket) else {
        // One of another version goes, and what it kept is taken up by its successor.
        try socket.send(Frame.bytes(HolderRequest.leave))
        return nil
      }
      return socket
    } catch {
      return nil
    }
  }

  private func open(in folder: Folder) throws(ProviderError) -> Descriptor? {
    do throws(SystemError) {
      return try Descriptor(
        tend_connect(
          folder.raw, Holder.socketName, Int32(clamping: patience.nanoseconds / 1_000_000)))
    } catch {
      // As many wait as may wait.
      if error.code == SystemError.tryAgain { throw silence }
      return nil
    }
  }

  private var silence: ProviderError {
    .transient(
      "the holder of processes in \(directory) has not answered for \(patience.brief)",
      remedy: "what it keeps goes on; if it has no descriptor left, keep fewer processes, or start "
        + "the agent with a higher limit of open files")
  }

  /// Makes sure that there is a holder.
  func require() throws(ProviderError) {
    let socket = try starting.withLock { _ throws(ProviderError) in
      if let socket = try connect() { return socket }
      return try start()
    }
    keep(socket)
  }

  private func keep(_ socket: Descriptor) {
    idle.withLock { idle in
      if idle.count < Self.mostIdle { idle.append(socket) }
    }
  }

  private func start() throws(ProviderError) -> Descriptor {
    let folder: Folder
    do throws(SystemError) {
      try makeDirectory()
      try check(tend_start_holder(directory, usesCgroups ? 1 : 0))
      folder = try Folder(at: directory)
    } catch {
      throw ProviderError(
        .transient, "can't start the holder of processes in \(directory)", cause: error)
    }
    for _ in 0..<100 {
      if let socket = try connect() { return socket }
      _ = tend_wait_for_change(folder.raw, 50)
    }
    throw .transient("the holder of processes in \(directory) does not answer")
  }

  private func makeDirectory() throws(SystemError) {
    guard let slash = directory.lastIndex(of: "/") else { return }
    let parent = try Folder(at: slash == directory.startIndex ? "/" : String(directory[..<slash]))
    _ = try parent.folder(String(directory[directory.index(after: slash)...]), making: true)
  }

  /// What a holder that is gone left running, by identity.
  func abandoned() -> [InstanceRecord] {
    (try? Folder(at: directory)).map { Records.read(from: $0) } ?? []
  }
}
