import Tend

/// What depends on what, over numbers.
///
/// Pure. The edges of all numbers lie behind each other in one list.
struct Graph: Sendable {
  /// Where the edges of each number begin; one more at the end.
  let starts: [Int32]
  /// The numbers that are depended on.
  let targets: [Int32]

  /// For each number, the numbers that it depends on.
  init(_ dependencies: [[Int]]) {
    var starts: [Int32] = [0]
    var targets: [Int32] = []
    starts.reserveCapacity(dependencies.count + 1)
    for edges in dependencies {
      targets += edges.map { Int32($0) }
      starts.append(Int32(targets.count))
    }
    self.init(starts: starts, targets: targets)
  }

  init(starts: [Int32], targets: [Int32]) {
    self.starts = starts
    self.targets = targets
  }

  /// How many numbers there are.
  var count: Int { starts.count - 1 }

  /// What a number depends on.
  func dependencies(of number: Int) -> ArraySlice<Int32> {
    targets[Int(starts[number])..<Int(starts[number + 1])]
  }

  /// What an attempt to order the graph gave.
  enum Order: Sendable, Hashable {
    /// All numbers; each comes after what it depends on, else in the order of the sequence.
    case ordered([Int32])
    /// Numbers that depend on each other in a circle; the first is repeated at the end.
    case cycle([Int32])
  }

  /// Orders all numbers, in ascending order where nothing else decides.
  func order() -> Order { order((0..<Int32(count)).map { $0 }) }

  /// Orders a sequence of numbers by dependencies, without recursion, since chains may be long.
  func order(_ sequence: [Int32]) -> Order {
    enum Mark: UInt8 { case new, open, done }
    var marks = [Mark](repeating: .new, count: count)
    var order: [Int32] = []
    order.reserveCapacity(sequence.count)
    var stack: [(number: Int32, next: Int32)] = []
    for start in sequence where marks[Int(start)] == .new {
      stack.append((start, starts[Int(start)]))
      marks[Int(start)] = .open
      while let (number, next) = stack.last {
        guard next < starts[Int(number) + 1] else {
          marks[Int(number)] = .done
          order.append(number)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let dependency = targets[Int(next)]
        switch marks[Int(dependency)] {
        case .done: continue
        case .open:
          let path = stack.map(\.number)
          return .cycle(Array(path[(path.firstIndex(of: dependency) ?? 0)...]) + [dependency])
        case .new:
          marks[Int(dependency)] = .open
          stack.append((dependency, starts[Int(dependency)]))
        }
      }
    }
    return .ordered(order)
  }
}
