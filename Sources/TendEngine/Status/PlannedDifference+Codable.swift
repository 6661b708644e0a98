import Tend

// A difference travels over the socket and into JSON in the shape of the contract: path, actual and
// desired, or path and `sensitive`. A side that is absent has no key; one that is unknown is named.
extension PlannedDifference: Codable {
  private enum Key: String, CodingKey {
    case path, actual, desired, sensitive, unknown, forcesReplacement, place, text, outline
    case losesData
  }
  private struct Texts: Codable {
    var actual: String?
    var desired: String?
  }
  private struct Position: Codable {
    var file: String
    var line: Int
    var column: Int
  }

  /// Reads what `encode(to:)` writes.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let isSensitive = try container.decodeIfPresent(Bool.self, forKey: .sensitive) ?? false
    func side(_ key: Key) throws -> Difference.Side {
      if isSensitive { return .masked }
      guard container.contains(key) else { return .absent }
      return .value(try container.decode(Value.self, forKey: key))
    }
    let isUnknown = try container.decodeIfPresent(Bool.self, forKey: .unknown) ?? false
    let texts = try container.decodeIfPresent(Texts.self, forKey: .text)
    let outline = try container.decodeIfPresent(Texts.self, forKey: .outline)
    let position = try container.decodeIfPresent(Position.self, forKey: .place)
    self.init(
      Difference(
        path: try container.decode(String.self, forKey: .path), actual: try side(.actual),
        desired: isUnknown ? .unknown : try side(.desired),
        forcesReplacement: try container.decodeIfPresent(Bool.self, forKey: .forcesReplacement)
          ?? false,
        text: texts.map { Difference.Text(actual: $0.actual, desired: $0.desired) },
        outline: outline.map { Difference.Text(actual: $0.actual, desired: $0.desired) },
        losesData: try container.decodeIfPresent(Bool.self, forKey: .losesData) ?? false),
      place: position.map { Place(file: $0.file, line: $0.line, column: $0.column) })
  }

  /// Writes no secret: a masked side has no value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(difference.path, forKey: .path)
    if difference.isSensitive {
      try container.encode(true, forKey: .sensitive)
    } else {
      if case .value(let value) = difference.actual { try container.encode(value, forKey: .actual) }
      if case .value(let value) = difference.desired {
        try container.encode(value, forKey: .desired)
      }
      if difference.desired == .unknown { try container.encode(true, forKey: .unknown) }
    }
    if difference.forcesReplacement { try container.encode(true, forKey: .forcesReplacement) }
    if difference.losesData { try container.encode(true, forKey: .losesData) }
    if let text = difference.text {
      try container.encode(Texts(actual: text.actual, desired: text.desired), forKey: .text)
    }
    if let outline = difference.outline {
      try container.encode(
        Texts(actual: outline.actual, desired: outline.desired), forKey: .outline)
    }
    if let place {
      try container.encode(
        Position(file: place.file, line: place.line, column: place.column), forKey: .place)
    }
  }
}
