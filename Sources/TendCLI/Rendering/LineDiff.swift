/// The lines in which two texts differ, as a unified diff without its file header.
///
/// Myers' algorithm (1986) by way of the standard library, between the first and the last line that
/// differ. Beyond `comparedLines` there the old lines are shown as gone and the new ones as added.
struct LineDiff {
  /// One line of the output.
  enum Line: Hashable {
    /// `@@ -1,3 +1,4 @@`
    case hunk(String)
    /// It is in both.
    case kept(String)
    /// It is only in the old text.
    case removed(String)
    /// It is only in the new text.
    case added(String)
    /// Something about the text that is not a line of it.
    case note(String)

    /// Whether it says which lines follow.
    var isHunk: Bool {
      if case .hunk = self { true } else { false }
    }
  }

  /// How many lines are compared one by one; the time grows with the square of those that differ.
  static let comparedLines = 2000
  /// How many lines of output are given.
  static let shownLines = 200
  private static let context = 3

  private enum Edit {
    case keep, remove, add
  }

  /// Lines are compared by their bytes: texts that only look the same differ.
  private typealias Bytes = ArraySlice<UInt8>

  private let old: [Bytes]
  private let new: [Bytes]
  private let oldEnds: Bool
  private let newEnds: Bool

  /// Splits both texts into lines.
  init(from old: String, to new: String) {
    (self.old, oldEnds) = Self.lines(of: old)
    (self.new, newEnds) = Self.lines(of: new)
  }

  /// The lines, and whether the last one ends with a newline.
  private static func lines(of text: String) -> ([Bytes], Bool) {
    var lines = Array(text.utf8).split(separator: 0x0A, omittingEmptySubsequences: false)
    guard lines.last?.isEmpty == true else { return (lines, false) }
    lines.removeLast()
    return (lines, true)
  }

  /// The diff; empty where the texts are equal.
  var lines: [Line] {
    var edits = self.edits
    // The last line differs where only one of the texts ends with a newline.
    if edits.last == .keep, oldEnds != newEnds {
      edits.removeLast()
      edits += [.remove, .add]
    }
    let shown = hunks(edits)
    guard shown.count > Self.shownLines else { return shown }
    let rest = shown.count - Self.shownLines
    return Array(shown.prefix(Self.shownLines)) + [.note("… \(rest) more lines")]
  }

  private var edits: [Edit] {
    let head = zip(old, new).prefix { $0 == $1 }.count
    let tail = zip(old.dropFirst(head).reversed(), new.dropFirst(head).reversed())
      .prefix { $0 == $1 }.count
    let gone = old[head..<old.count - tail]
    let come = new[head..<new.count - tail]
    let middle =
      gone.count + come.count <= Self.comparedLines
      ? Self.compare(Array(gone), Array(come))
      : gone.map { _ in Edit.remove } + come.map { _ in .add }
    return Array(repeating: .keep, count: head) + middle + Array(repeating: .keep, count: tail)
  }

  private static func compare(_ old: [Bytes], _ new: [Bytes]) -> [Edit] {
    let difference = new.difference(from: old)
    var isRemoved = Array(repeating: false, count: old.count)
    var isAdded = Array(repeating: false, count: new.count)
    for change in difference {
      switch change {
      case .remove(let offset, _, _): isRemoved[offset] = true
      case .insert(let offset, _, _): isAdded[offset] = true
      }
    }
    var edits: [Edit] = []
    var (left, right) = (0, 0)
    while left < old.count || right < new.count {
      if left < old.count, isRemoved[left] {
        edits.append(.remove)
        left += 1
      } else if right < new.count, isAdded[right] {
        edits.append(.add)
        right += 1
      } else {
        edits.append(.keep)
        left += 1
        right += 1
      }
    }
    return edits
  }

  /// Groups edits that are near each other, each group with the lines around it.
  private func hunks(_ edits: [Edit]) -> [Line] {
    var result: [Line] = []
    var (left, right, index) = (0, 0, 0)
    while let next = edits[index...].firstIndex(where: { $0 != .keep }) {
      let start = max(index, next - Self.context)
      left += start - index
      right += start - index
      let end = Self.end(of: edits, from: next)
      let hunk = edits[start..<end]
      let (oldCount, newCount) = (hunk.count { $0 != .add }, hunk.count { $0 != .remove })
      result.append(.hunk("@@ -\(range(left, oldCount)) +\(range(right, newCount)) @@"))
      for edit in hunk { append(edit, &left, &right, to: &result) }
      index = end
    }
    return result
  }

  /// Where a hunk ends: after three lines of context, unless the next edit is nearer than six.
  private static func end(of edits: [Edit], from first: Int) -> Int {
    var last = first
    for index in first..<edits.count {
      if edits[index] != .keep { last = index }
      if index - last > 2 * context { break }
    }
    return min(edits.count, last + 1 + context)
  }

  private func range(_ start: Int, _ count: Int) -> String {
    count == 1 ? "\(start + 1)" : "\(count == 0 ? start : start + 1),\(count)"
  }

  private func append(_ edit: Edit, _ left: inout Int, _ right: inout Int, to lines: inout [Line]) {
    switch edit {
    case .keep:
      lines.append(.kept(text(old[left])))
      left += 1
      right += 1
      if left == old.count, !oldEnds { lines.append(.note(Self.noNewline)) }
    case .remove:
      lines.append(.removed(text(old[left])))
      left += 1
      if left == old.count, !oldEnds { lines.append(.note(Self.noNewline)) }
    case .add:
      lines.append(.added(text(new[right])))
      right += 1
      if right == new.count, !newEnds { lines.append(.note(Self.noNewline)) }
    }
  }

  private func text(_ line: Bytes) -> String { String(decoding: line, as: UTF8.self).printable }

  private static let noNewline = "\\ No newline at end of file"
}
