import Synchronization

/// The texts that were inflated last: who asks for one document mostly asks for the next.
///
/// One for the process, since each text by itself would keep its bytes for good.
final class RecentTexts: Sendable {
  static let shared = RecentTexts()

  /// In bytes, at least one text: many threads may ask, each for another.
  private static let most = 1 << 20

  private let texts = Mutex<[KeptText]>([])

  /// Enters a text that was inflated; others are let go of for it.
  func enter(_ text: KeptText) {
    let others = texts.withLock { texts in
      texts.append(text)
      return Self.makeRoom(&texts)
    }
    for other in others { other.letGo() }
  }

  private static func makeRoom(_ texts: inout [KeptText]) -> [KeptText] {
    var size = texts.reduce(0) { $0 + $1.size }
    var removed: [KeptText] = []
    while size > most, texts.count > 1 {
      let first = texts.removeFirst()
      size -= first.size
      removed.append(first)
    }
    return removed
  }
}
