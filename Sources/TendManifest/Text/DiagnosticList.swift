import Tend

/// The mistakes of one file, bounded.
struct DiagnosticList {
  private(set) var all: [Diagnostic] = []
  private let limit: Int
  private let file: String

  init(limit: Int, file: String) {
    self.limit = limit
    self.file = file
  }

  var isFull: Bool { all.count > limit }

  mutating func append(_ diagnostic: Diagnostic) {
    if all.count < limit {
      all.append(diagnostic)
    } else if all.count == limit {
      all.append(
        Diagnostic(
          .limit, at: diagnostic.place,
          "the file has more mistakes than the limit fileDiagnostics, \(limit)",
          remedy: "correct those above first"))
    }
  }
}
