/// Encodes an `Encodable` type as a `Value`: the counterpart of `ValueDecoder`.
public struct ValueEncoder: Sendable {
  /// Makes an encoder; it keeps nothing between calls.
  public init() {}

  /// Encodes a whole value.
  public func encode(_ value: some Encodable) throws -> Value {
    try Self.convert(value, codingPath: [])
  }

  fileprivate static func convert<Content: Encodable>(
    _ value: Content, codingPath: [any CodingKey]
  ) throws -> Value {
    // Types are compared first, since a cast that fails costs more than all else here.
    if Content.self == Value.self, let plain = value as? Value { return plain }
    if Content.self == Duration.self, let duration = value as? Duration {
      return .string(duration.exact)
    }
    let node = Node()
    try value.encode(to: Encoding(node: node, codingPath: codingPath))
    return node.value
  }
}

extension Duration {
  /// As `Duration.init(_:)` reads it, in whole milliseconds.
  fileprivate var exact: String { "\(nanoseconds / 1_000_000)ms" }
}

/// Grows while containers write into it; each belongs to one call of `encode`.
private final class Node {
  var scalar: Value = .null
  var list: [Node]?
  var map: [(String, Node)]?

  var value: Value {
    if let map { return .map(.init(map.map { .init(key: $0, value: $1.value) })) }
    if let list { return .list(list.map(\.value)) }
    return scalar
  }

  func child(for key: some CodingKey) -> Node {
    let node = Node()
    if map == nil { map = [] }
    map?.append((key.stringValue, node))
    return node
  }

  func child() -> Node {
    let node = Node()
    if list == nil { list = [] }
    list?.append(node)
    return node
  }
}

private struct Encoding: Encoder {
  let node: Node
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    if node.map == nil { node.map = [] }
    return .init(KeyedEncoding(node: node, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    if node.list == nil { node.list = [] }
    return UnkeyedEncoding(node: node, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    SingleEncoding(node: node, codingPath: codingPath)
  }
}

private struct SingleEncoding: SingleValueEncodingContainer {
  let node: Node
  let codingPath: [any CodingKey]

  private func integer(_ value: some FixedWidthInteger) throws {
    guard let number = Int64(exactly: value) else {
      throw EncodingError.invalidValue(
        value, .init(codingPath: codingPath, debugDescription: "does not fit 64 bits"))
    }
    node.scalar = .integer(number)
  }

  func encodeNil() throws { node.scalar = .null }
  func encode(_ value: Bool) throws { node.scalar = .boolean(value) }
  func encode(_ value: String) throws { node.scalar = .string(value) }
  func encode(_ value: Double) throws { node.scalar = .number(value) }
  func encode(_ value: Float) throws { node.scalar = .number(Double(value)) }
  func encode(_ value: Int) throws { try integer(value) }
  func encode(_ value: Int8) throws { try integer(value) }
  func encode(_ value: Int16) throws { try integer(value) }
  func encode(_ value: Int32) throws { try integer(value) }
  func encode(_ value: Int64) throws { try integer(value) }
  func encode(_ value: UInt) throws { try integer(value) }
  func encode(_ value: UInt8) throws { try integer(value) }
  func encode(_ value: UInt16) throws { try integer(value) }
  func encode(_ value: UInt32) throws { try integer(value) }
  func encode(_ value: UInt64) throws { try integer(value) }
  func encode(_ value: some Encodable) throws {
    node.scalar = try ValueEncoder.convert(value, codingPath: codingPath)
  }
}

private struct KeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: Node
  let codingPath: [any CodingKey]

  func encodeNil(forKey key: Key) throws { node.child(for: key).scalar = .null }

  func encode(_ value: Bool, forKey key: Key) throws {
    node.child(for: key).scalar = .boolean(value)
  }

  func encode(_ value: String, forKey key: Key) throws {
    node.child(for: key).scalar = .string(value)
  }

  func encode(_ value: Int, forKey key: Key) throws {
    node.child(for: key).scalar = .integer(Int64(value))
  }

  func encode(_ value: Int64, forKey key: Key) throws {
    node.child(for: key).scalar = .integer(value)
  }

  func encode(_ value: some Encodable, forKey key: Key) throws {
    node.child(for: key).scalar = try ValueEncoder.convert(value, codingPath: codingPath + [key])
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type, forKey key: Key
  ) -> KeyedEncodingContainer<NestedKey> {
    Encoding(node: node.child(for: key), codingPath: codingPath + [key])
      .container(keyedBy: keyType)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    Encoding(node: node.child(for: key), codingPath: codingPath + [key]).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { Encoding(node: node, codingPath: codingPath) }

  func superEncoder(forKey key: Key) -> any Encoder {
    Encoding(node: node.child(for: key), codingPath: codingPath + [key])
  }
}

private struct UnkeyedEncoding: UnkeyedEncodingContainer {
  let node: Node
  let codingPath: [any CodingKey]
  var count: Int { node.list?.count ?? 0 }

  func encodeNil() throws { node.child().scalar = .null }

  func encode(_ value: some Encodable) throws {
    node.child().scalar = try ValueEncoder.convert(value, codingPath: codingPath)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type
  ) -> KeyedEncodingContainer<NestedKey> {
    Encoding(node: node.child(), codingPath: codingPath).container(keyedBy: keyType)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    Encoding(node: node.child(), codingPath: codingPath).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { Encoding(node: node.child(), codingPath: codingPath) }
}
