import Testing

@testable import TendManifest

@Suite("Texts that are kept")
struct PackedBytesTests {
  @Test(
    "come back as they were",
    arguments: [
      (0, 1, false),  // nothing
      (255, 1, false),  // too few to be worth it
      (256, 1, true),
      (100_000, 3, true),
      (100_000, 256, false),  // without a pattern: it would not become smaller
    ])
  func roundTrip(_ count: Int, _ symbols: UInt64, _ isSmaller: Bool) {
    var state: UInt64 = 1
    let bytes = (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8((state >> 33) % symbols)
    }
    let packed = PackedBytes(bytes)
    #expect(packed.bytes == bytes)
    #expect(isSmaller ? packed.size < count * 3 / 4 + 1 : packed.size == count)
  }
}
