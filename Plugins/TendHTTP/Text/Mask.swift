internal import Tend

/// The secrets that went into a request, so that what is shown of its response shows none.
///
/// What is compared and written is not masked: a name that happens to hold a secret stays a name.
struct Mask: Sendable, Hashable {
  /// Shorter ones would make every text unreadable, and hide nothing.
  static let shortest = 4
  private static let mark = "(sensitive)"

  private let secrets: [String]
  /// What a service may make of them in an answer, in bytes; longest first, so that a secret that
  /// holds another one is masked whole.
  private let forms: [[UInt8]]

  init(_ secrets: [String] = []) {
    self.secrets = secrets.filter { $0.utf8.count >= Self.shortest }
    let forms = Set(self.secrets.flatMap(Self.forms).map { Array($0.utf8) })
    self.forms = forms.sorted {
      $0.count == $1.count ? $0.lexicographicallyPrecedes($1) : $0.count > $1.count
    }
  }

  func adding(_ more: [String]) -> Mask { more.isEmpty ? self : Mask(secrets + more) }

  /// How long the longest is, in bytes.
  var longest: Int { forms.first?.count ?? 0 }

  /// As it is, and as it stands in JSON and in a URL.
  private static func forms(of secret: String) -> [String] {
    let json = Value.string(secret).json.dropFirst().dropLast()
    let slashed = json.split(separator: "/", omittingEmptySubsequences: false)
    return [secret, String(json), slashed.joined(separator: "\\/"), ascii(json)]
      + [Percent.encode(secret)]
  }

  /// JSON in which only ASCII stands.
  private static func ascii(_ json: Substring) -> String {
    json.utf16.reduce(into: "") { text, unit in
      if unit < 0x80 {
        text.unicodeScalars.append(UnicodeScalar(UInt8(unit)))
      } else {
        let digits = String(unit, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      }
    }
  }

  func apply(to text: String) -> String {
    if forms.isEmpty { return text }
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if let form = forms.first(where: { bytes[index...].starts(with: $0) }) {
        result += Self.mark.utf8
        index += form.count
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  func apply(to value: Value) -> Value {
    switch value {
    case .string(let text): .string(apply(to: text))
    case .list(let values): .list(values.map { apply(to: $0) })
    case .map(let fields):
      .map(.init(fields.entries.map { .init(key: apply(to: $0.key), value: apply(to: $0.value)) }))
    case .null, .boolean, .integer, .number: value
    }
  }

  /// For a plan.
  func apply(to difference: Difference) -> Difference {
    if forms.isEmpty { return difference }
    var masked = difference
    masked.actual = apply(to: difference.actual)
    masked.desired = apply(to: difference.desired)
    return masked
  }

  private func apply(to side: Difference.Side) -> Difference.Side {
    if case .value(let value) = side { .value(apply(to: value)) } else { side }
  }
}
