/// How text is dressed: in colour or plain.
struct Style: Sendable, Hashable {
  /// Whether escape sequences for colour are written.
  var hasColour: Bool

  static let plain = Style(hasColour: false)

  private func dress(_ text: String, _ code: String) -> String {
    hasColour && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }

  func good(_ text: String) -> String { dress(text, "32") }
  func bad(_ text: String) -> String { dress(text, "31") }
  func warning(_ text: String) -> String { dress(text, "33") }
  func hint(_ text: String) -> String { dress(text, "36") }
  func strong(_ text: String) -> String { dress(text, "1") }
  func faint(_ text: String) -> String { dress(text, "2") }
}

extension StringProtocol {
  /// The text with control characters written out, so that content can't steer a terminal.
  ///
  /// Tabs stay; C0, DEL and C1 become `\u{1b}` and the like, and so do the marks that change the
  /// direction of text (UAX #9).
  var printable: String {
    if !unicodeScalars.contains(where: \.steersTerminals) { return String(self) }
    var text = ""
    for scalar in unicodeScalars {
      if scalar.steersTerminals {
        text += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}

extension Unicode.Scalar {
  fileprivate var steersTerminals: Bool {
    switch value {
    case 0x09: false
    case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
