/// Columns of text, aligned by spaces; the last column is not padded.
struct Table {
  /// A cell and how it is dressed; the width is that of the bare text.
  struct Cell: ExpressibleByStringLiteral {
    let text: String
    let dress: (String) -> String

    init(_ text: String, _ dress: @escaping (String) -> String = { $0 }) {
      self.text = text.printable
      self.dress = dress
    }

    init(stringLiteral value: String) { self.init(value) }
  }

  private let head: [String]
  private var rows: [[Cell]] = []

  init(_ head: String...) { self.head = head }

  init(head: [String]) { self.head = head }

  mutating func add(_ row: [Cell]) { rows.append(row) }

  /// A line for the head and one for each row; empty where there is no row.
  func text(_ style: Style) -> String {
    guard !rows.isEmpty else { return "" }
    let cells = [head.map { Cell($0, style.strong) }] + rows
    let widths = head.indices.map { column in
      cells.map { $0.indices.contains(column) ? $0[column].text.count : 0 }.max() ?? 0
    }
    return cells.map { row in
      row.enumerated().map { column, cell in
        let isLast = column == row.count - 1
        let padding = isLast ? 0 : (widths[column] - cell.text.count + 2)
        return cell.dress(cell.text) + String(repeating: " ", count: padding)
      }.joined().trimmingTrailingSpaces + "\n"
    }.joined()
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
