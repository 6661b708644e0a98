internal import Tend

/// A response to a call; what is said of it shows no secret.
struct Answer: Sendable {
  let status: Int
  let headers: [Header]
  private let body: [UInt8]
  private let method: String
  let address: WebAddress
  /// For whatever of the response is shown.
  let mask: Mask

  init(_ response: Response, to call: Service.Call, _ mask: Mask) {
    status = response.status
    headers = response.headers
    body = response.body
    method = call.method
    address = call.address
    self.mask = mask
  }

  /// The request: method and URL, without secrets.
  var name: String { mask.apply(to: "\(method) \(address)") }

  /// The first header of a name, as it is.
  subscript(name: String) -> String? { headers.first(named: name) }

  var isEmpty: Bool { body.allSatisfy { $0 <= 0x20 } }

  /// Whether the service, not the request, is to blame.
  var isOutage: Bool { status >= 500 && status != 501 && status != 505 }

  /// The body as JSON, as it is.
  func value() throws(ProviderError) -> Value {
    do throws(JSONText.Mistake) {
      return try JSONText.value(of: body)
    } catch {
      throw .transient(
        "\(name): \(status), but the body is not JSON at \(error)\(excerpt)",
        remedy: "see whether this is the API that is meant, or a login or error page before it")
    }
  }

  /// The items of a body that is a list; nil where it is none.
  var items: ListPage? { ListPage(text: body) }

  /// The first bytes of the body, for an error.
  var excerpt: String {
    let bytes = body.prefix(4096)
    var text = mask.apply(to: String(decoding: bytes, as: UTF8.self))[...]
    // What is cut off may be the beginning of a secret.
    if bytes.count < body.count { text = text.dropLast(mask.longest) }
    let line = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : String($0) }
    let short = line.joined().split(separator: " ").joined(separator: " ").prefix(200)
    return short.isEmpty ? "" : ": \(short)"
  }

  /// Whether a repeat is likely to do better; what may not be repeated only where nothing was done.
  func asksForPatience(of isRepeatable: Bool) -> Bool {
    status == 429 || (isRepeatable && [408, 425, 500, 502, 503, 504].contains(status))
  }

  func retryAfter(_ context: Context) -> Duration? {
    self["retry-after"].flatMap { RetryAfter.parse($0, now: context.now) }
  }

  /// What an answer means that is none of those that were expected.
  ///
  /// `conflict` are the statuses of somebody who was faster; nil: as HTTP has them.
  func failure(
    _ connection: Connection, conflict: [Int]? = nil, retryAfter: Duration? = nil
  ) -> ProviderError {
    let what = "\(name): \(status)\(excerpt)"
    if (conflict ?? [409, 412]).contains(status) { return .conflict(what) }
    switch status {
    case 401:
      let sources = connection.authentication.secrets.map(\.description)
      let remedy =
        sources.isEmpty
        ? "give the API an authentication"
        : "see whether \(sources.joined(separator: ", ")) holds a credential that is accepted"
      return .notPermitted(what, remedy: remedy)
    case 403: return .notPermitted(what, remedy: "give the credential of the API this right")
    case 408, 425, 429, 500...:
      return .transient(
        what, remedy: isOutage ? "look at the service's log" : nil, retryAfter: retryAfter)
    case 404: return .transient(what, remedy: "see whether what it belongs to exists")
    case 200..<300:
      return .permanent(what, remedy: "add the status to done: if it means success")
    case 300..<400: return .permanent(what, remedy: "correct the path or the url of the API")
    default: return .permanent(what, remedy: "correct what is declared; the service refuses it")
    }
  }
}
