/// The nodes that one depends on, in order: mostly none or one, which then takes no list.
struct Neighbours: Sendable, Hashable, RandomAccessCollection, ExpressibleByArrayLiteral {
  private enum Nodes: Sendable, Hashable {
    case one(Node)
    case others([Node])
  }

  private var nodes = Nodes.others([])

  init(_ nodes: [Node]) {
    self.nodes = nodes.count == 1 ? .one(nodes[0]) : .others(nodes)
  }

  init(arrayLiteral nodes: Node...) { self.init(nodes) }

  var startIndex: Int { 0 }

  var endIndex: Int {
    switch nodes {
    case .one: 1
    case .others(let nodes): nodes.count
    }
  }

  subscript(position: Int) -> Node {
    switch nodes {
    case .one(let node): node
    case .others(let nodes): nodes[position]
    }
  }

  mutating func remove(_ node: Node) { self = Neighbours(filter { $0 != node }) }
}
