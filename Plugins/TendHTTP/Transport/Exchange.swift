internal import Tend

/// One request as it goes out.
struct Request: Sendable {
  var method: String
  var address: WebAddress
  var headers: [Header] = []
  var body: [UInt8] = []
  /// How long all of it may take.
  var timeout: Duration
  /// How many bytes a response may have.
  var responseSize: Int
}

/// One field of a request or a response.
struct Header: Sendable, Hashable, Codable {
  var name: String
  var value: String
}

/// One response, whole.
struct Response: Sendable {
  var status: Int
  var headers: [Header]
  var body: [UInt8]

  /// The first header of a name, whatever its case.
  subscript(name: String) -> String? { headers.first(named: name) }
}

extension [Header] {
  /// The value of the first of a name, whatever its case.
  func first(named name: String) -> String? {
    first { $0.name.utf8.elementsEqual(name.utf8) { Self.lower($0) == Self.lower($1) } }?.value
  }

  private static func lower(_ byte: UInt8) -> UInt8 {
    (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
  }
}

/// How a service is reached: what tells one pool of connections from another.
struct Line: Sendable, Hashable {
  /// The path of a Unix socket, in the place of host and port.
  var socket: String?
  var proxy: WebAddress?
  /// Certificates in PEM that are trusted; nil: those of the system.
  var authorities: String?
  /// Certificates in PEM that say who we are, and their key.
  var certificate: String?
  var key: Sensitive<String>?
  /// How many connections at most, on each lane.
  var connections = 8
  /// To how many bytes a response may be decompressed.
  var responseSize = 10 << 20
  /// Where a name leads, where that was checked.
  var pin: Pin?
}

/// A name, and the number that it stands for.
struct Pin: Sendable, Hashable {
  var host: String
  var number: String
}

/// What carries requests; real, or one in which a test lets things go wrong.
protocol Transport: Sendable {
  /// Sends one request and takes in the whole response; follows nothing and repeats nothing.
  ///
  /// Throws `TransportError` where there is no response.
  func send(_ request: Request, over line: Line, lane: Int) async throws -> Response

  /// How many lanes there are: threads, each with connections of its own.
  var lanes: Int { get }

  /// The lane of the thread on which this is asked; what is sent over another one goes from thread
  /// to thread.
  var lane: Int { get }

  /// What runs on each lane.
  var executors: [any TaskExecutor] { get }

  /// The number that a name stands for now.
  func number(of host: String) async throws -> String
}

extension Transport {
  var lanes: Int { 1 }
  var lane: Int { 0 }
  var executors: [any TaskExecutor] { [] }
}

/// Why there is no response.
struct TransportError: Error, Hashable, CustomStringConvertible {
  /// What went wrong, in words.
  var description: String
  /// What a person can do about it.
  var remedy: String?
  /// Whether the service can't have seen the request.
  var isUnsent = false
  /// Whether the response was there, but is not to be had in another try.
  var isFinal = false
}
