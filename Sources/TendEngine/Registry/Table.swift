/// A list in chunks that copies share, so that a change to one element copies its chunk alone.
struct Table<Element: Sendable>: Sendable {
  private static var bits: Int { 7 }
  private static var mask: Int { 1 << bits - 1 }

  private var chunks: [[Element]] = []
  private(set) var count = 0

  init() {}

  init(repeating element: Element, count: Int) {
    for _ in 0..<count { append(element) }
  }

  subscript(index: Int) -> Element {
    get { chunks[index >> Self.bits][index & Self.mask] }
    _modify { yield &chunks[index >> Self.bits][index & Self.mask] }
  }

  mutating func append(_ element: Element) {
    if count & Self.mask == 0 {
      chunks.append([])
      chunks[chunks.count - 1].reserveCapacity(Self.mask + 1)
    }
    chunks[chunks.count - 1].append(element)
    count += 1
  }
}
