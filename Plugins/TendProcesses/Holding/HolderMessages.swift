private import CTendProcesses
internal import Tend

/// What the agent asks of the holder.
enum HolderRequest: Codable, Sendable {
  /// Begins every conversation.
  case hello(version: Int)
  /// Keep this running. Answer: a report, or a refusal before anything was touched.
  case keep(Order)
  /// End and forget it. Answer: a report, or that it is gone.
  case release(id: String)
  /// Know by another name what is kept, unless that name is taken. Answer: a report of what has the
  /// new name, or that there is none.
  case rename(id: String, to: String)
  /// Start all its replicas anew. Answer: a report, or that it is gone.
  case restart(id: String)
  /// Answer: that it is gone, once it is.
  case awaitEnd(id: String)
  /// Answer: a report, or that there is none.
  case report(id: String)
  /// Answer: all reports, that these were all, and from then on each that changes.
  case watch
  /// Go, and leave everything running. No answer.
  case leave
}

/// What the holder answers.
enum HolderReply: Codable, Sendable {
  case hello(version: Int, process: Int32)
  case report(Report)
  case gone(id: String)
  case refused(Refusal)
  /// Everything that there was when the watch began has been told.
  case synchronised

  /// Why an order is not taken; what runs goes on.
  struct Refusal: Codable, Sendable, Error, Hashable {
    var message: String
    /// The field of the spec that is to blame.
    var field: String?
    var isPermanent: Bool
  }
}

/// One message: its length in four bytes, the lowest first, and as many bytes of JSON.
enum Frame {
  /// What an agent and a holder must share to understand each other.
  static let version = 2
  /// No message is longer.
  static let longest = 4 << 20

  static func bytes(_ message: some Encodable) -> [UInt8] {
    guard let value = try? ValueEncoder().encode(message) else { return [] }
    let body = Array(value.json.utf8)
    let length = UInt32(clamping: body.count)
    return (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + body
  }

  static func decode<Message: Decodable>(
    _ type: Message.Type, _ body: some Collection<UInt8>
  ) throws -> Message {
    try ValueDecoder().decode(type, from: Value(json: String(decoding: body, as: UTF8.self)))
  }

  /// Takes the first whole message from what was received; nil where more must come first.
  static func take(from received: inout [UInt8]) throws(SystemError) -> [UInt8]? {
    guard received.count >= 4 else { return nil }
    let length = received.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= longest else { throw SystemError(code: 90) }
    guard received.count >= 4 + length else { return nil }
    let body = Array(received[4..<4 + length])
    received.removeFirst(4 + length)
    return body
  }
}
