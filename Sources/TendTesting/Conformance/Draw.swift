internal import TendEngine

/// Draws histories: the same from the same seed.
struct Draw {
  private var random: SplitMix
  /// In how many ways each resource may be declared.
  private let variants: [Int]

  init(_ variants: [Int], seed: UInt64) {
    self.variants = variants
    random = SplitMix(state: seed)
  }

  /// Between 4 and 16 steps.
  mutating func history() -> [Step] {
    let count = 4 + below(13)
    return (0..<count).flatMap { _ in steps() }
  }

  /// A number from 0 on; 0 where there is none below the limit.
  mutating func below(_ limit: Int) -> Int {
    limit > 0 ? Int(random.next() % UInt64(limit)) : 0
  }

  private mutating func steps() -> [Step] {
    let resource = below(variants.count)
    let sample = below(variants[resource])
    switch below(12) {
    case 0, 1, 2: return [.declare(resource, sample: sample), .pass(resource, nil)]
    case 3: return [.declare(resource, sample: sample), .pass(resource, fault())]
    case 4, 5: return [.pass(resource, fault())]
    case 6: return [.withdraw(resource), .pass(resource, fault())]
    case 7: return [.again(resource)]
    case 8: return [.late(resource)]
    case 9: return [.restart]
    case 10: return [.outside(resource, sample: below(4) == 0 ? nil : sample)]
    default:
      let other = below(variants.count)
      guard other != resource else { return [.pass(resource, nil)] }
      return [.together([resource, other], seed: random.next() >> 32)]
    }
  }

  private mutating func fault() -> Fault {
    let kinds = Fault.Kind.allCases
    let boundary = below(8)
    return Fault(
      kind: kinds[below(kinds.count)], boundary: boundary, name: "boundary \(boundary + 1)")
  }
}
