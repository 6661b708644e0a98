import Tend
import Testing

@Suite("Scalars of YAML")
struct ScalarTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let value: Value
    let reason: String
    var testDescription: String { "\(text): \(reason)" }
  }

  @Test(
    "T12: a plain scalar has the type of the YAML 1.2 core schema",
    arguments: [
      Case(text: "no", value: "no", reason: "a boolean only in YAML 1.1"),
      Case(text: "NO", value: "NO", reason: "the country"),
      Case(text: "on", value: "on", reason: "a boolean only in YAML 1.1"),
      Case(text: "y", value: "y", reason: "a boolean only in YAML 1.1"),
      Case(text: "true", value: true, reason: "a boolean"),
      Case(text: "True", value: true, reason: "a boolean"),
      Case(text: "FALSE", value: false, reason: "a boolean"),
      Case(text: "tRUE", value: "tRUE", reason: "not one of the three spellings"),
      Case(text: "null", value: nil, reason: "null"),
      Case(text: "~", value: nil, reason: "null"),
      Case(text: "", value: nil, reason: "nothing is null"),
      Case(text: "Nul", value: "Nul", reason: "text"),
      Case(text: "0", value: 0, reason: "an integer"),
      Case(text: "-17", value: -17, reason: "an integer"),
      Case(text: "+17", value: 17, reason: "an integer"),
      Case(text: "0644", value: 644, reason: "decimal in YAML 1.2, octal only in 1.1"),
      Case(text: "0777", value: 777, reason: "decimal in YAML 1.2"),
      Case(text: "0o17", value: 15, reason: "octal"),
      Case(text: "0x1F", value: 31, reason: "hexadecimal"),
      Case(text: "0o8", value: "0o8", reason: "not octal"),
      Case(text: "0x", value: "0x", reason: "no digits"),
      Case(text: "0x+1", value: "0x+1", reason: "no sign after the prefix"),
      Case(text: "-0x1F", value: "-0x1F", reason: "no sign before the prefix"),
      Case(text: "0b11", value: "0b11", reason: "binary only in YAML 1.1"),
      Case(text: "1_000", value: "1_000", reason: "grouped only in YAML 1.1"),
      Case(text: "12:30:00", value: "12:30:00", reason: "sexagesimal only in YAML 1.1"),
      Case(text: "2026-11-23", value: "2026-11-23", reason: "a date only in YAML 1.1"),
      Case(text: "1e3", value: .number(1000), reason: "a float"),
      Case(text: "1.", value: .number(1), reason: "a float"),
      Case(text: ".5", value: .number(0.5), reason: "a float"),
      Case(text: "-1.5e-3", value: .number(-0.0015), reason: "a float"),
      Case(text: "+.5E+1", value: .number(5), reason: "a float"),
      Case(text: "1e", value: "1e", reason: "no exponent"),
      Case(text: ".", value: ".", reason: "no digits"),
      Case(text: "+", value: "+", reason: "no digits"),
      Case(text: "1.2.3", value: "1.2.3", reason: "a version"),
      Case(text: "9223372036854775807", value: .integer(.max), reason: "the largest integer"),
      Case(text: "-9223372036854775808", value: .integer(.min), reason: "the smallest integer"),
      Case(text: "'no'", value: "no", reason: "quoted is text"),
      Case(text: "\"12\"", value: "12", reason: "quoted is text"),
      Case(text: "'~'", value: "~", reason: "quoted is text"),
      Case(text: "!!str 12", value: "12", reason: "an explicit core tag"),
      Case(text: "! 12", value: "12", reason: "the non-specific tag means text"),
      Case(text: "!!int '12'", value: 12, reason: "an explicit core tag"),
      Case(text: "!!float 1", value: .number(1), reason: "an explicit core tag"),
      Case(text: "!!bool 'true'", value: true, reason: "an explicit core tag"),
      Case(text: "!!null ''", value: nil, reason: "an explicit core tag"),
      Case(text: "|\n  a\n  b\n", value: "a\nb\n", reason: "a literal block"),
      Case(text: ">-\n  a\n  b\n", value: "a b", reason: "a folded block"),
      Case(text: "\"\\u202e\\x41\"", value: "\u{202E}A", reason: "escapes"),
    ])
  func type(_ test: Case) {
    #expect(value("a: \(test.text)")?.value(at: "a") == test.value)
  }

  @Test(
    "T10: a scalar that can't be a value is refused at its place",
    arguments: [
      ("9223372036854775808", "the number does not fit 64 bits"),
      ("-9223372036854775809", "the number does not fit 64 bits"),
      ("0x10000000000000000", "the number does not fit 64 bits"),
      ("1e999", "the number does not fit 64 bits"),
      (".inf", "infinity and not-a-number are no values here"),
      ("-.INF", "infinity and not-a-number are no values here"),
      (".nan", "infinity and not-a-number are no values here"),
      ("!!int x", "the text does not fit its tag !!int"),
      ("!!binary aGk=", "the tag tag:yaml.org,2002:binary is not known here"),
      ("!local x", "the tag !local is not known here"),
      ("\"a\\0b\"", "the text contains NUL"),
    ])
  func refused(text: String, message: String) {
    #expect(mistakes("a: \(text)").first?.hasPrefix("a.yaml:1:4: error: \(message)") == true)
  }

  @Test(
    "a key that is not text is refused",
    arguments: ["1: x", "true: x", "~: x", "? [a]\n: x", "? {a: b}\n: x", "1.5: x"])
  func keys(text: String) {
    let found = mistakes(text)
    #expect(found.count == 1)
    #expect(found.first?.contains("error: a key must be text") == true, "\(found)")
  }
}
