import Testing

@testable import TendAgent

@Suite("Base64")
struct Base64Tests {
  @Test(
    "the examples of RFC 4648, section 10",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func examples(text: String, encoded: String) {
    #expect(Base64.encode(Array(text.utf8)) == encoded)
    #expect(Base64.decode(encoded) == Array(text.utf8))
  }

  @Test("every byte comes back, at every length")
  func bytes() {
    for length in 0..<260 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
  }

  @Test(
    "what no encoder writes is refused",
    arguments: [
      ("Zg=", "too short"), ("Zg===", "too long"), ("====", "nothing but padding"),
      ("Z===", "one digit"), ("Zh==", "bits that are lost"), ("Zm9=", "bits that are lost"),
      ("Zm9v\n", "a newline"), ("Zm9ä", "no digit"), ("Z=9v", "padding in the middle"),
    ])
  func refused(text: String, reason: String) {
    #expect(Base64.decode(text) == nil, "\(reason)")
  }
}
