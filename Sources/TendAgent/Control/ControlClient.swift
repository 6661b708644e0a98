private import Glibc
private import Tend

/// Asks a running agent, over the socket in its state directory.
///
/// Each request is a connection of its own. Calls block threads of the client, never the pool.
public struct ControlClient: Sendable {
  private let stateDirectory: String

  /// Names the state directory of the agent; asks nothing yet.
  public init(stateDirectory: String) {
    self.stateDirectory = stateDirectory
  }

  /// The agent that runs there; nil where none does.
  public func agent() async throws(Failure) -> AgentDocument? {
    do {
      return try await ask(.agent, as: AgentDocument.self)
    } catch  where error.code == Self.absent {
      return nil
    }
  }

  /// The code of the failure where no agent answers.
  public static let absent = "NoAgent"

  /// Sends a request and waits for its result, however long that takes; cancellation hangs up.
  public func ask<Result: Decodable & Sendable>(
    _ request: ControlRequest, as type: Result.Type,
    progress: @Sendable (ProgressDocument) -> Void = { _ in }
  ) async throws(Failure) -> Result {
    let threads = BlockingThreads(limit: 1)
    defer { threads.close() }
    let descriptor = try connect()
    let value: Value
    do {
      value = try await withTaskCancellationHandler {
        try await withTaskExecutorPreference(threads) {
          try exchange(request, over: descriptor, progress)
        }
      } onCancel: {
        descriptor.shutDown()
      }
    } catch {
      throw Failure(error)
    }
    do {
      return try ValueDecoder().decode(type, from: value)
    } catch {
      throw Failure(
        "Protocol", "the agent's answer can't be read: \(error)",
        remedy: "use the tend of the same version as the agent")
    }
  }

  private func connect() throws(Failure) -> Descriptor {
    let address: SocketAddress
    do {
      address = try SocketAddress(directory: stateDirectory)
    } catch  where error.code == "Missing" {
      throw noAgent
    } catch {
      guard let readers = connectToRead() else { throw error }
      return readers
    }
    let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = Descriptor(socket(AF_UNIX, flags, 0))
    if address.withAddress({ Glibc.connect(descriptor.raw, $0, $1) }) == 0 { return descriptor }
    switch errno {
    case ENOENT, ECONNREFUSED: throw noAgent
    case let error:
      throw Failure(
        "Socket", "the agent's socket in \(stateDirectory) can't be used: \(errnoText(error))",
        remedy: error == EACCES ? "run tend as the user of the agent, or as root" : nil)
    }
  }

  /// The socket of those who may only read; nil where there is none for this user.
  private func connectToRead() -> Descriptor? {
    guard let address = SocketAddress(readersOf: stateDirectory, in: ReadersSocket.folder) else {
      return nil
    }
    let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = Descriptor(socket(AF_UNIX, flags, 0))
    let status = address.withAddress { Glibc.connect(descriptor.raw, $0, $1) }
    return status == 0 ? descriptor : nil
  }

  private var noAgent: Failure {
    Failure(
      Self.absent, "no agent runs on the state directory \(stateDirectory)",
      remedy: "start one with tend agent, or name another directory with --state-dir")
  }

  private func exchange(
    _ request: ControlRequest, over descriptor: Descriptor,
    _ progress: @Sendable (ProgressDocument) -> Void
  ) throws -> Value {
    let connection = LineConnection(
      descriptor, maximumLength: 256 << 20, idle: .seconds(86_400))
    let envelope = ControlEnvelope(protocol: ControlEnvelope.version, request: request)
    let question = try ValueEncoder().encode(envelope).json
    do {
      try connection.write(question)
    } catch LineConnection.Problem.closed {
      // A server that refuses us hangs up at once; why, it has said before.
    }
    var buffer: [UInt8] = []
    while true {
      let line: String
      do {
        line = try connection.read(&buffer)
      } catch {
        throw Failure(
          "Socket", "the agent hung up",
          remedy: "see its log; what it had begun goes on when it runs again")
      }
      switch try ValueDecoder().decode(ControlReply.self, from: try Value(json: line)) {
      case .progress(let step): progress(step)
      case .result(let value): return value
      case .failure(let failure): throw failure
      }
    }
  }
}
