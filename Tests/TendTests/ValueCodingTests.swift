import Tend
import Testing

@Suite("Encoding and decoding values")
struct ValueCodingTests {
  struct Everything: Codable, Equatable {
    enum Level: String, Codable { case low, high }
    struct Inner: Codable, Equatable {
      var names: [String]
      var parent: [String: [Inner]]
    }
    var text: String
    var maybe: String?
    var flag: Bool
    var small: UInt8
    var large: Int64
    var number: Double
    var single: Float
    var level: Level
    var wait: Duration
    var inner: Inner
    var list: [Int?]
    var any: Value
    var timestamp: Timestamp
  }

  static let full = Everything(
    text: "a", maybe: nil, flag: true, small: 200, large: .min, number: 0.1, single: 1.5,
    level: .high,
    wait: .milliseconds(90_500),
    inner: .init(names: ["x"], parent: ["p": [.init(names: [], parent: [:])]]),
    list: [1, nil, 3], any: ["k": [1, nil, "s"]], timestamp: Timestamp(nanoseconds: 5_000_000))

  @Test("what was encoded decodes to itself")
  func roundTrip() throws {
    let value = try ValueEncoder().encode(Self.full)
    #expect(try ValueDecoder().decode(Everything.self, from: value) == Self.full)
    #expect(value.value(at: "wait") == "90500ms")
    #expect(value.value(at: "small") == 200)
    #expect(value.value(at: "any.k") == [1, nil, "s"])
  }

  @Test("what was encoded survives JSON too")
  func throughJSON() throws {
    let json = try ValueEncoder().encode(Self.full).json
    #expect(try ValueDecoder().decode(Everything.self, from: Value(json: json)) == Self.full)
  }

  class Animal: Codable {
    var name = "n"
  }

  final class Dog: Animal {
    var tricks = ["sit"]
    private enum Keys: String, CodingKey { case tricks }
    override init() { super.init() }
    required init(from decoder: any Decoder) throws {
      tricks = try decoder.container(keyedBy: Keys.self).decode([String].self, forKey: .tricks)
      try super.init(from: decoder)
    }
    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(tricks, forKey: .tricks)
      try super.encode(to: encoder)
    }
  }

  @Test("a class and its superclass share one map")
  func inheritance() throws {
    let value = try ValueEncoder().encode(Dog())
    #expect(value == ["tricks": ["sit"], "name": "n"])
    #expect(try ValueDecoder().decode(Dog.self, from: value).name == "n")
  }

  @Test("a map of many fields is decoded like a small one")
  func manyFields() throws {
    let numbers = Dictionary(uniqueKeysWithValues: (0..<500).map { ("key\($0)", $0) })
    let value = try ValueEncoder().encode(numbers)
    #expect(try ValueDecoder().decode([String: Int].self, from: value) == numbers)
  }

  @Test("an integer decodes as floating point, never the other way round")
  func numbers() throws {
    #expect(try ValueDecoder().decode(Double.self, from: 5) == 5)
    #expect(throws: DecodingError.self) { try ValueDecoder().decode(Int.self, from: .number(5)) }
  }

  @Test("an unsigned number beyond 64 signed bits can't be encoded")
  func tooLarge() {
    #expect(throws: EncodingError.self) { try ValueEncoder().encode(UInt64.max) }
    #expect(throws: EncodingError.self) { try ValueEncoder().encode(["a": UInt.max]) }
  }

  struct Failure: Sendable, CustomTestStringConvertible {
    let field: String
    let value: Value
    let message: String
    var testDescription: String { "\(field) = \(value.json)" }

    init(_ field: String, _ value: Value, _ message: String) {
      (self.field, self.value, self.message) = (field, value, message)
    }
  }

  @Test(
    "T10: what does not fit is refused with the path of the field and no value",
    arguments: [
      Failure("text", 5, "text: must be a string, but is an integer"),
      Failure("text", nil, "text: must be a string, but is nothing"),
      Failure("flag", "secret", "flag: must be a boolean, but is a string"),
      Failure("maybe", ["secret"], "maybe: must be a string, but is a list"),
      Failure("small", 256, "small: must be an integer between 0 and 255"),
      Failure("small", -1, "small: must be an integer between 0 and 255"),
      Failure("large", .number(1), "large: must be an integer, but is a number"),
      Failure("number", "secret", "number: must be a number, but is a string"),
      Failure("level", "secret", "level: is not one of the values that it takes"),
      Failure("wait", 30, "wait: must be a duration such as 30s, but is an integer"),
      Failure("wait", "secret", "wait: must be a duration such as 30s or 1h30m"),
      Failure("inner", "secret", "inner: must be a map, but is a string"),
      Failure(
        "inner", ["names": ["a", 1], "parent": [:]],
        "inner.names[1]: must be a string, but is an integer"),
      Failure("inner", ["names": []], "inner.parent: is missing"),
      Failure("list", [:], "list: must be a list, but is a map"),
    ])
  func mismatch(_ failure: Failure) throws {
    guard case .map(var fields) = try ValueEncoder().encode(Self.full) else { return }
    fields[failure.field] = failure.value
    let place = Place(file: "a.yaml", line: 3, column: 7)
    let declaration = Declaration(
      Reference(kind: "a/v1 K", name: "n"), spec: .map(fields), at: place)
    let thrown = #expect(throws: Diagnostics.self) { try declaration.decode(Everything.self) }
    #expect(thrown?.description == "a.yaml:3:7: error: \(failure.message)")
  }

  @Test("a sensitive value decodes, and shows nothing of itself")
  func sensitive() throws {
    struct Login: Decodable { var password: Sensitive<String> }
    let login = try ValueDecoder().decode(Login.self, from: ["password": "hunter2"])
    #expect(login.password.reveal() == "hunter2")
    #expect(!"\(login) \(String(reflecting: login.password))".contains("hunter2"))
    let thrown = #expect(throws: DecodingError.self) {
      try ValueDecoder().decode(Login.self, from: ["password": 5])
    }
    #expect(!"\(thrown.map(String.init(describing:)) ?? "")".contains("5"))
  }
}
