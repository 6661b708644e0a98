import Testing

@testable import TendEngine

@Suite("The graph of dependencies")
struct GraphTests {
  @Test("each comes after what it depends on, else in ascending order")
  func order() {
    #expect(Graph([[2], [], [1], []]).order() == .ordered([1, 2, 0, 3]))
    #expect(Graph([[], [], []]).order() == .ordered([0, 1, 2]))
    #expect(Graph([]).order() == .ordered([]))
  }

  @Test("a circle is named with its first at both ends")
  func cycle() {
    #expect(Graph([[1], [2], [0]]).order() == .cycle([0, 1, 2, 0]))
    #expect(
      Graph([[1], [2], [1]]).order() == .cycle([1, 2, 1]), "what leads there is no part of it")
    #expect(Graph([[0]]).order() == .cycle([0, 0]))
  }

  @Test("a chain of 100,000 is ordered without recursion")
  func long() {
    let count = 100_000
    let chain = (0..<count).map { $0 + 1 < count ? [$0 + 1] : [] }
    #expect(Graph(chain).order() == .ordered((0..<Int32(count)).reversed()))
  }

  @Test("a hub of 100,000 is ordered in linear time")
  func hub() {
    let count = 100_000
    var wheel = Array(repeating: [count], count: count)
    wheel.append([])
    guard case .ordered(let order) = Graph(wheel).order() else {
      Issue.record("it has no cycle")
      return
    }
    #expect(order.first == Int32(count))
  }

  @Test("random graphs without a circle come out in an order that holds")
  func random() {
    var random = SplitMix(state: 7)
    for _ in 0..<200 {
      let count = Int(random.next() % 30) + 1
      let dependencies = (0..<count).map { position in
        (0..<position).filter { _ in random.next() % 4 == 0 }
      }
      guard case .ordered(let order) = Graph(dependencies).order() else {
        Issue.record("\(dependencies) has no cycle")
        return
      }
      var place = [Int](repeating: 0, count: count)
      for (index, position) in order.enumerated() { place[Int(position)] = index }
      #expect(Set(order).count == count)
      for (position, edges) in dependencies.enumerated() {
        #expect(edges.allSatisfy { place[$0] < place[position] })
      }
      #expect(Graph(dependencies).order() == .ordered(order))
    }
  }
}
