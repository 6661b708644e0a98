import Tend
import Testing

@Suite("Values as JSON")
struct ValueJSONTests {
  @Test("values are written as JSON, on one line and for people")
  func write() {
    let value: Value = [
      "b": [1, -2.5, nil, true], "a": ["x": "q\"\\\n\r\t\u{1}\u{7F}é🎉"], "c": [], "d": [:],
    ]
    #expect(
      value.json
        == #"{"b":[1,-2.5,null,true],"a":{"x":"q\"\\\n\r\t\u0001\u007fé🎉"},"c":[],"d":{}}"#)
    #expect(
      (["a": [1, ["b": nil]], "c": []] as Value).prettyJSON == """
        {
          "a": [
            1,
            {
              "b": null
            }
          ],
          "c": []
        }
        """)
    #expect(Value.number(.infinity).json == "null")
    #expect(Value.number(.nan).json == "null")
  }

  @Test(
    "JSON is read",
    arguments: [
      (" [1 , 2]\n", [1, 2]), (#"{"a":{"b":null}}"#, ["a": ["b": nil]]), ("-0.5e-1", -0.05),
      (#""\u0041\ud83c\udf89\/\b\f""#, "A🎉/\u{8}\u{c}"), ("1e2", .number(100)), ("true", true),
      ("9223372036854775807", .integer(.max)), ("[]", []), ("{}", [:]), ("0", 0),
      ("9223372036854775808", .number(9_223_372_036_854_775_808)),
    ] as [(String, Value)])
  func read(text: String, value: Value) throws {
    #expect(try Value(json: text) == value)
  }

  @Test(
    "what is not JSON is refused with the offset",
    arguments: [
      "", " ", "[1,]", "[1", "{\"a\"}", "{\"a\":}", "{a:1}", "\"a", "\"\\x\"", "\"\\u12\"",
      "\"\\ud800\"",
      "\"\\udc00\"", "\"\\ud800\\u0041\"", "tru", "nul", "1 2", "+1", "01", "1.", ".5", "1e", "-",
      "0x1",
      "1e999", "NaN", "\"\n\"", "[1}", "{\"a\":1,\"a\":2}", "--1", "1-", "\"\\u+123\"", "-01",
    ])
  func refuse(text: String) {
    #expect(throws: JSONError.self) { try Value(json: text) }
  }

  @Test("JSON nested too deep is refused, whatever its length")
  func deep() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.self) { try Value(json: deep) }
  }

  @Test("a tree of any shape reads back as itself", arguments: 0..<300)
  func roundTrip(seed: Int) throws {
    var numbers = SeededNumbers(seed: UInt64(seed))
    let tree = Self.tree(&numbers, depth: 5)
    #expect(try Value(json: tree.json) == tree)
    #expect(try Value(json: tree.prettyJSON) == tree)
  }

  static func tree(_ numbers: inout SeededNumbers, depth: Int) -> Value {
    switch Int.random(in: 0..<(depth == 0 ? 5 : 7), using: &numbers) {
    case 0: return .null
    case 1: return .boolean(Bool.random(using: &numbers))
    case 2: return .integer(Int64.random(in: .min ... .max, using: &numbers))
    case 3:
      let number = Double(bitPattern: numbers.next())
      return .number(number.isFinite ? number : 0.5)
    case 4: return .string(text(&numbers))
    case 5:
      let count = Int.random(in: 0..<5, using: &numbers)
      return .list((0..<count).map { _ in tree(&numbers, depth: depth - 1) })
    default:
      var fields = Value.Fields()
      for _ in 0..<Int.random(in: 0..<5, using: &numbers) {
        fields[text(&numbers)] = tree(&numbers, depth: depth - 1)
      }
      return .map(fields)
    }
  }

  private static func text(_ numbers: inout SeededNumbers) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0..<8, using: &numbers) {
      let range: ClosedRange<UInt32> = Bool.random(using: &numbers) ? 0...0x7F : 0...0x10FFFF
      if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &numbers)) {
        text.append(scalar)
      }
    }
    return String(text)
  }

  @Test("bytes of JSON may be anything: read or refused, never a trap", arguments: 0..<50)
  func anything(seed: Int) {
    var numbers = SeededNumbers(seed: UInt64(seed))
    for _ in 0..<40 {
      var scalars = Array(Self.tree(&numbers, depth: 3).json.unicodeScalars)
      for _ in 0..<3 where !scalars.isEmpty {
        let at = Int.random(in: 0..<scalars.count, using: &numbers)
        scalars[at] = "{}[],:\"\\u0eE+-.tn".unicodeScalars.randomElement(using: &numbers) ?? " "
      }
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars)
      if let value = try? Value(json: String(text)) {
        #expect(throws: Never.self) { try Value(json: value.json) }
      }
    }
  }
}
