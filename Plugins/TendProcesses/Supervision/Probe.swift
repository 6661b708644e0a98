/// A question whose answer says that a process works.
struct Probe: Hashable, Sendable, Codable {
  enum Method: Hashable, Sendable, Codable {
    /// A connection is accepted.
    case tcp(host: String, port: String)
    /// A GET is answered with a status from 200 to 399.
    case http(host: String, port: String, path: String)
    /// A command exits with 0.
    case exec([String])
    /// The process says so itself (sd_notify(3)): `READY=1`, and `WATCHDOG=1` while it lives.
    case notify
    /// A line of its output matches.
    case log(Pattern)
  }

  var method: Method
  /// Between two questions, in nanoseconds.
  var interval: Int64
  /// How long one answer may take.
  var timeout: Int64
  /// Of readiness: after this long it is late; 0: never.
  var deadline: Int64
  /// Of liveness: this many wrong answers in a row end the process.
  var failureThreshold = 3

  /// Whether it has to be asked, rather than telling by itself.
  var isAsked: Bool {
    switch method {
    case .tcp, .http, .exec: true
    case .notify, .log: false
    }
  }
}

/// A text in which `*` stands for anything; matched in linear time, whatever a process prints.
struct Pattern: Hashable, Sendable, Codable {
  let text: String

  /// Whether it is found anywhere in a line.
  func matches(_ line: some Collection<UInt8>) -> Bool {
    var rest = Array(line)[...]
    for part in text.utf8.split(separator: UInt8(ascii: "*")) {
      guard let end = rest.end(ofFirst: Array(part)) else { return false }
      rest = rest[end...]
    }
    return true
  }
}

extension ArraySlice where Element == UInt8 {
  /// Where the first occurrence of some bytes ends; Knuth, Morris and Pratt's search.
  fileprivate func end(ofFirst bytes: [UInt8]) -> Int? {
    guard !bytes.isEmpty else { return startIndex }
    var fallback = [Int](repeating: 0, count: bytes.count)
    var length = 0
    for index in bytes.indices.dropFirst() {
      while length > 0, bytes[index] != bytes[length] { length = fallback[length - 1] }
      if bytes[index] == bytes[length] { length += 1 }
      fallback[index] = length
    }
    length = 0
    for index in indices {
      while length > 0, self[index] != bytes[length] { length = fallback[length - 1] }
      if self[index] == bytes[length] { length += 1 }
      if length == bytes.count { return index + 1 }
    }
    return nil
  }
}
