/// Decodes a `Decodable` type from a `Value`.
///
/// Errors carry the path of the field and quote no value. Null decodes as nil. Integers decode as
/// floating point where that is asked for, never the other way round.
public struct ValueDecoder: Sendable {
  /// Makes a decoder; it keeps nothing between calls.
  public init() {}

  /// Decodes a whole value.
  public func decode<T: Decodable>(_ type: T.Type, from value: Value) throws -> T {
    try Decoding(value: value, codingPath: []).decode(type)
  }
}

private struct Decoding: Decoder {
  let value: Value
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func mismatch(_ expected: String) -> DecodingError {
    .typeMismatch(
      Value.self,
      .init(
        codingPath: codingPath,
        debugDescription: "must be \(expected), but is \(value.kindDescription)"))
  }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    if type == Value.self, let value = value as? T { return value }
    if type == Duration.self {
      guard let duration = try duration() as? T else { throw mismatch("a duration") }
      return duration
    }
    return try T(from: self)
  }

  private func duration() throws -> Duration {
    guard case .string(let text) = value else { throw mismatch("a duration such as 30s") }
    guard let duration = Duration(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: codingPath, debugDescription: "must be a duration such as 30s or 1h30m"))
    }
    return duration
  }

  func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
    guard case .integer(let number) = value else { throw mismatch("an integer") }
    guard let result = T(exactly: number) else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: codingPath,
          debugDescription: "must be an integer between \(T.min) and \(T.max)"))
    }
    return result
  }

  func floating() throws -> Double {
    switch value {
    case .number(let number): number
    case .integer(let number): Double(number)
    default: throw mismatch("a number")
    }
  }

  func boolean() throws -> Bool {
    guard case .boolean(let value) = value else { throw mismatch("a boolean") }
    return value
  }

  func string() throws -> String {
    guard case .string(let text) = value else { throw mismatch("a string") }
    return text
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    switch value {
    case .map(let fields): .init(KeyedDecoding(fields: fields, codingPath: codingPath))
    case .null: .init(KeyedDecoding(fields: .init(), codingPath: codingPath))
    default: throw mismatch("a map")
    }
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .list(let values) = value else { throw mismatch("a list") }
    return UnkeyedDecoding(values: values, codingPath: codingPath)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    SingleDecoding(decoding: self)
  }
}

private struct SingleDecoding: SingleValueDecodingContainer {
  let decoding: Decoding
  var codingPath: [any CodingKey] { decoding.codingPath }

  func decodeNil() -> Bool { decoding.value == .null }
  func decode(_ type: Bool.Type) throws -> Bool { try decoding.boolean() }
  func decode(_ type: String.Type) throws -> String { try decoding.string() }
  func decode(_ type: Double.Type) throws -> Double { try decoding.floating() }
  func decode(_ type: Float.Type) throws -> Float { Float(try decoding.floating()) }
  func decode<T: Decodable & FixedWidthInteger>(_ type: T.Type) throws -> T {
    try decoding.integer(type)
  }
  func decode(_ type: Int.Type) throws -> Int { try decoding.integer(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try decoding.integer(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try decoding.integer(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try decoding.integer(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try decoding.integer(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try decoding.integer(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try decoding.integer(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try decoding.integer(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try decoding.integer(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try decoding.integer(type) }
  func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoding.decode(type) }
}

private struct KeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let fields: Value.Fields
  let codingPath: [any CodingKey]
  /// Only for large maps, where looking through all names each time would be quadratic.
  let index: [String: Int]?

  init(fields: Value.Fields, codingPath: [any CodingKey]) {
    self.fields = fields
    self.codingPath = codingPath
    index =
      fields.entries.count > 16
      ? Dictionary(
        fields.entries.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
      : nil
  }

  var allKeys: [Key] { fields.entries.compactMap { Key(stringValue: $0.key) } }

  private func find(_ key: Key) -> Value? {
    let name = key.stringValue
    if let index { return index[name].map { fields.entries[$0].value } }
    for entry in fields.entries where entry.key == name { return entry.value }
    return nil
  }

  /// What is there and not null; the coding path is made only for an error.
  private func present(_ key: Key) -> Value? {
    guard let value = find(key), value != .null else { return nil }
    return value
  }

  private func decoding(_ key: Key) throws -> Decoding {
    guard let value = find(key) else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath + [key], debugDescription: "is missing"))
    }
    return Decoding(value: value, codingPath: codingPath + [key])
  }

  func contains(_ key: Key) -> Bool { find(key) != nil }
  func decodeNil(forKey key: Key) throws -> Bool { (find(key) ?? .null) == .null }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoding(key).boolean() }
  func decode(_ type: String.Type, forKey key: Key) throws -> String {
    if case .string(let text)? = find(key) { return text }
    return try decoding(key).string()
  }
  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
    guard let value = present(key) else { return nil }
    if case .string(let text) = value { return text }
    return try decoding(key).string()
  }
  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
    guard let value = present(key) else { return nil }
    if case .boolean(let flag) = value { return flag }
    return try decoding(key).boolean()
  }
  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
    try present(key) == nil ? nil : decoding(key).decode(type)
  }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
    try decoding(key).floating()
  }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
    Float(try decoding(key).floating())
  }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoding(key).integer(type) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoding(key).integer(type) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 {
    try decoding(key).integer(type)
  }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 {
    try decoding(key).integer(type)
  }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
    try decoding(key).integer(type)
  }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoding(key).integer(type) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 {
    try decoding(key).integer(type)
  }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 {
    try decoding(key).integer(type)
  }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 {
    try decoding(key).integer(type)
  }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
    try decoding(key).integer(type)
  }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try decoding(key).decode(type)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try decoding(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoding(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder {
    Decoding(value: .map(fields), codingPath: codingPath)
  }

  func superDecoder(forKey key: Key) throws -> any Decoder { try decoding(key) }
}

private struct UnkeyedDecoding: UnkeyedDecodingContainer {
  let values: [Value]
  let codingPath: [any CodingKey]
  var currentIndex = 0

  init(values: [Value], codingPath: [any CodingKey]) {
    self.values = values
    self.codingPath = codingPath
  }

  var count: Int? { values.count }
  var isAtEnd: Bool { currentIndex >= values.count }

  private mutating func next() throws -> Decoding {
    let path = codingPath + [IndexKey(currentIndex)]
    guard currentIndex < values.count else {
      throw DecodingError.valueNotFound(
        Value.self, .init(codingPath: path, debugDescription: "is missing"))
    }
    defer { currentIndex += 1 }
    return Decoding(value: values[currentIndex], codingPath: path)
  }

  mutating func decodeNil() throws -> Bool {
    guard currentIndex < values.count, values[currentIndex] == .null else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().decode(type) }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try next().container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next().unkeyedContainer()
  }

  mutating func superDecoder() throws -> any Decoder { try next() }
}

private struct IndexKey: CodingKey {
  let index: Int
  var stringValue: String { String(index) }
  var intValue: Int? { index }

  init(_ index: Int) { self.index = index }
  init?(stringValue: String) { nil }
  init?(intValue: Int) { index = intValue }
}
