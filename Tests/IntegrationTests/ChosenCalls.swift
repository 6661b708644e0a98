import Foundation

/// Which calls of a run are disturbed: a few of them, or as many as the environment asks for.
///
/// In `TEND_FAIL_POINTS`, `all` asks for every call, and `2/8` for the second of eight parts, which
/// together are all.
enum ChosenCalls: Equatable {
  case few
  case part(Int, of: Int)

  /// What was asked for.
  static let now = ChosenCalls(ProcessInfo.processInfo.environment["TEND_FAIL_POINTS"])

  /// What can't be read asks for all.
  init(_ text: String?) {
    guard let text else {
      self = .few
      return
    }
    let numbers = text.split(separator: "/").compactMap { Int($0) }
    let isPart = numbers.count == 2 && numbers[0] >= 1 && numbers[0] <= numbers[1]
    self = isPart ? .part(numbers[0], of: numbers[1]) : .part(1, of: 1)
  }

  /// Their numbers, from 1; a few are so many, evenly spread, with the first and the last.
  func numbers(upTo count: Int, few: Int) -> [Int] {
    switch self {
    case .part(let part, let parts): Array(stride(from: part, through: count, by: parts))
    case .few where few > 1 && count > few:
      (0..<few).map { 1 + $0 * (count - 1) / (few - 1) }
    case .few: Array(1...max(1, count))
    }
  }
}
