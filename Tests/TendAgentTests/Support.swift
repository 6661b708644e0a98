import Glibc
import Logging
import Synchronization
import Tend
import TendEngine
import TestSupport

@testable import TendAgent

/// Runs a control server in a folder while a body talks to it.
func serving(
  in folder: String, limits: ControlServer.Limits = ControlServer.Limits(),
  answer: @escaping ControlServer.Answer = { _, _, _ in .string("answered") },
  _ body: @Sendable () async throws -> Void
) async throws {
  let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  let server = try ControlServer(
    stateDirectory: folder, limits: limits, logger: logger, answer: answer)
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.run() }
    defer { group.cancelAll() }
    try await body()
  }
}

/// A bare connection to the socket in a folder, for what no honest client sends.
///
/// It waits on threads of its own: the server that it talks to starts on the pool.
final class Wire: Sendable {
  private let connection: LineConnection
  private let buffer = Mutex<[UInt8]>([])

  init(to folder: String) throws {
    let address = try SocketAddress(directory: folder)
    let descriptor = Descriptor(socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
    guard address.withAddress({ connect(descriptor.raw, $0, $1) }) == 0 else {
      throw Failure("Test", "can't connect: \(errnoText(errno))")
    }
    connection = LineConnection(descriptor, maximumLength: 64 << 20, idle: .seconds(120))
  }

  /// Sends bytes as they are.
  func send(_ bytes: [UInt8]) async {
    await onThreadOfItsOwn { self.sendAll(bytes) }
  }

  private func sendAll(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(connection.descriptor.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }

  func send(_ text: String) async { await send(Array(text.utf8)) }

  /// The next line, as a value.
  func receive() async throws -> Value {
    try await onThreadOfItsOwn {
      try Value(json: try self.buffer.withLock { try self.connection.read(&$0) })
    }
  }

  /// Whether the other side has closed.
  func isClosed() async -> Bool {
    do {
      _ = try await receive()
      return false
    } catch LineConnection.Problem.closed, LineConnection.Problem.failed(ECONNRESET) {
      return true
    } catch {
      return false
    }
  }
}

func request(_ request: String) -> String {
  #"{"protocol":"tend/v1","request":\#(request)}"# + "\n"
}

/// A moment for tests.
let noon = Timestamp(seconds: 1_764_000_000)

func mode(of path: String) -> UInt32 {
  var status = stat()
  lstat(path, &status)
  return status.st_mode & 0o7777
}
