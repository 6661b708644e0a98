/// Queues that run through the records themselves, so that they take no memory of their own,
/// however long they get, and a record leaves its queue without a search.
///
/// A link is a record's index or, with the top bit set, a list's number: the two ends of a list are
/// linked to the list. So a record that leaves needs not know which list it is in.
struct Lists: ~Copyable {
  struct Ends: BitwiseCopyable {
    var first: UInt32
    var last: UInt32
  }

  private static let mark: UInt32 = 1 << 31
  private var ends: Buffer<Ends>

  init(count: Int) {
    ends = Buffer(capacity: count)
    for _ in 0..<count { add() }
  }

  init(copying other: borrowing Self) { ends = Buffer(copying: other.ends) }

  /// Makes one more list; its number is the number of lists so far.
  mutating func add() {
    let link = UInt32(ends.count) | Self.mark
    ends.append(Ends(first: link, last: link))
  }

  @inline(__always)
  func first(_ list: Int) -> UInt32? {
    let first = ends[list].first
    return first & Self.mark == 0 ? first : nil
  }

  /// The one that comes after a record; nil after the last one.
  @inline(__always)
  func following(_ index: UInt32, _ records: borrowing Records) -> UInt32? {
    let next = records[index].next
    return next & Self.mark == 0 ? next : nil
  }

  @inline(__always)
  mutating func append(_ index: UInt32, to list: Int, _ records: borrowing Records) {
    let link = UInt32(list) | Self.mark
    let last = ends[list].last
    records[index].previous = last
    records[index].next = link
    if last & Self.mark == 0 { records[last].next = index } else { ends[list].first = index }
    ends[list].last = index
  }

  mutating func prepend(_ index: UInt32, to list: Int, _ records: borrowing Records) {
    let link = UInt32(list) | Self.mark
    let first = ends[list].first
    records[index].previous = link
    records[index].next = first
    if first & Self.mark == 0 { records[first].previous = index } else { ends[list].last = index }
    ends[list].first = index
  }

  /// Takes the record out of the list that it is in.
  ///
  /// Answers that list if it is empty now.
  @inline(__always)
  @discardableResult
  mutating func remove(_ index: UInt32, _ records: borrowing Records) -> Int? {
    let (previous, next) = (records[index].previous, records[index].next)
    if next & Self.mark == 0 {
      records[next].previous = previous
    } else {
      ends[Int(next & ~Self.mark)].last = previous
    }
    if previous & Self.mark == 0 {
      records[previous].next = next
    } else {
      ends[Int(previous & ~Self.mark)].first = next
    }
    return next & previous & Self.mark != 0 ? Int(next & ~Self.mark) : nil
  }
}
