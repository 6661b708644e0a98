internal import Foundation

/// Changes bytes as chance will have it, the same for the same seed.
public struct Mutator: RandomNumberGenerator, Sendable {
  /// How many times more rounds than usual are to be run, from `TEND_FUZZ_ROUNDS`.
  public static let factor: Int =
    ProcessInfo.processInfo.environment["TEND_FUZZ_ROUNDS"].flatMap { Int($0) }.map { max(1, $0) }
    ?? 1

  private var state: UInt64
  private let pieces: [[UInt8]]

  /// `pieces` are texts that mean something to whoever reads the bytes.
  public init(seed: Int, pieces: [String] = []) {
    state = UInt64(bitPattern: Int64(seed))
    self.pieces = pieces.map { Array($0.utf8) }
  }

  /// The next number, by SplitMix64.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var result = state
    result = (result ^ (result >> 30)) &* 0xBF58_476D_1CE4_E5B9
    result = (result ^ (result >> 27)) &* 0x94D0_49BB_1331_11EB
    return result ^ (result >> 31)
  }

  /// Changes the bytes in up to so many places.
  public mutating func mutate(_ bytes: inout [UInt8], times: Int = 6) {
    for _ in 0..<Int.random(in: 1...times, using: &self) { change(&bytes) }
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    let at = Int.random(in: 0...bytes.count, using: &self)
    let end = min(bytes.count, at + Int.random(in: 0..<16, using: &self))
    switch Int.random(in: 0..<6, using: &self) {
    case 0: bytes.removeSubrange(at..<end)
    case 1: bytes.insert(contentsOf: pieces.randomElement(using: &self) ?? [0], at: at)
    case 2:
      bytes.insert(
        contentsOf: Array(bytes[at..<end]), at: Int.random(in: 0...bytes.count, using: &self))
    case 3 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &self)
    case 4 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &self)
    default: bytes.removeLast(Int.random(in: 0...min(8, bytes.count), using: &self))
    }
  }
}
