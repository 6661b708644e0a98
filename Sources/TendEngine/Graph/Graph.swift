import Tend

/// What depends on what, over positions in an array.
///
/// Pure.
struct Graph: Sendable {
  /// For each position, the positions that it depends on.
  let dependencies: [[Int]]

  init(_ dependencies: [[Int]]) {
    self.dependencies = dependencies
  }

  /// What an attempt to order the graph gave.
  enum Order: Sendable, Hashable {
    /// All positions; each comes after what it depends on, else in ascending order.
    case ordered([Int])
    /// Positions that depend on each other in a circle; the first is repeated at the end.
    case cycle([Int])
  }

  /// Orders by dependencies, without recursion, since chains may be long.
  func order() -> Order {
    enum Mark { case new, open, done }
    var marks = [Mark](repeating: .new, count: dependencies.count)
    var order: [Int] = []
    order.reserveCapacity(dependencies.count)
    var stack: [(position: Int, next: Int)] = []
    for start in dependencies.indices where marks[start] == .new {
      stack.append((start, 0))
      marks[start] = .open
      while let (position, next) = stack.last {
        guard next < dependencies[position].count else {
          marks[position] = .done
          order.append(position)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let dependency = dependencies[position][next]
        switch marks[dependency] {
        case .done: continue
        case .open:
          let path = stack.map(\.position)
          return .cycle(Array(path[(path.firstIndex(of: dependency) ?? 0)...]) + [dependency])
        case .new:
          marks[dependency] = .open
          stack.append((dependency, 0))
        }
      }
    }
    return .ordered(order)
  }
}
