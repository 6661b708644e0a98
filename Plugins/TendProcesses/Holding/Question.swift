private import CTendProcesses

/// One question to a process that is on its way, over a connection that never waits.
final class Question {
  enum Progress: Hashable {
    case waiting
    /// nil: the answer was right.
    case answered(String?)
  }

  var id: String
  let serial: UInt32
  let until: Int64
  /// The connection, for questions that have one.
  private(set) var socket: Descriptor?
  /// The process, for a command.
  var held: HeldProcess?
  private let method: Probe.Method
  private var isConnected = false
  private var received: [UInt8] = []
  /// What the beginning of the answer says.
  private var verdict = Progress.waiting
  private var taken = 0

  /// No more of an answer is read.
  private static let most = 1 << 20

  init(_ method: Probe.Method, id: String, serial: UInt32, until: Int64) {
    self.method = method
    self.id = id
    self.serial = serial
    self.until = until
  }

  /// Begins to connect; an answer where that fails at once.
  func begin() -> Progress {
    let (host, port): (String, String)
    switch method {
    case .tcp(let name, let number): (host, port) = (name, number)
    case .http(let name, let number, _): (host, port) = (name, number)
    case .exec, .notify, .log: return .waiting
    }
    guard let number = UInt16(port) else { return .answered("\(port) is no port") }
    do throws(SystemError) {
      let address = host == "localhost" ? "127.0.0.1" : host
      socket = try Descriptor(tend_begin_connect(address, number))
      return .waiting
    } catch {
      return .answered("can't connect to \(host):\(port): \(error.text)")
    }
  }

  /// What is wrong once the time is over: nothing where the answer only goes on and on.
  var late: String? {
    if case .answered(let problem) = verdict { problem } else { "did not answer in time" }
  }

  /// What events on the connection are wanted.
  var interest: UInt32 { isConnected ? UInt32(TEND_READABLE) : UInt32(TEND_WRITABLE) }

  /// Goes on when something happened on the connection.
  func proceed() -> Progress {
    guard let socket else { return .waiting }
    do throws(SystemError) {
      if !isConnected {
        try check(tend_connect_result(socket.raw))
        isConnected = true
        guard case .http(let host, let port, let path) = method else { return .answered(nil) }
        let request =
          "GET \(path) HTTP/1.1\r\nHost: \(host):\(port)\r\nUser-Agent: tend\r\n"
          + "Accept: */*\r\nConnection: close\r\n\r\n"
        try socket.write(Array(request.utf8))
        return .waiting
      }
      return take(try socket.read(upTo: 16 << 10))
    } catch {
      if error.code == SystemError.tryAgain { return .waiting }
      return verdict == .waiting ? .answered(error.text) : verdict
    }
  }

  /// Reads on to the end: whoever is cut off would complain of it in its log.
  private func take(_ bytes: [UInt8]) -> Progress {
    taken += bytes.count
    if verdict == .waiting {
      received += bytes
      verdict = status(isAtEnd: bytes.isEmpty)
    }
    return bytes.isEmpty || taken > Self.most ? verdict : .waiting
  }

  /// The status line of the answer (RFC 9112, section 4).
  private func status(isAtEnd: Bool) -> Progress {
    let line = received.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
    guard line.count < received.count else {
      return isAtEnd || received.count > 1024 ? .answered("answered with no HTTP") : .waiting
    }
    let words = line.split(separator: UInt8(ascii: " "))
    guard line.starts(with: Array("HTTP/1.".utf8)), words.count >= 2,
      let status = Int(String(decoding: words[1], as: UTF8.self))
    else { return .answered("answered with no HTTP") }
    return .answered((200..<400).contains(status) ? nil : "answered with status \(status)")
  }
}
