import Tend
import TendAgent

/// Mistakes and failures, as compilers print them: `file:line:column: error: what; what to do`.
struct DiagnosticText {
  var style = Style.plain
  /// What stands before the files of manifests; see `PlanText`.
  var prefix = ""

  /// A line for each mistake, or one for the failure, each ending in a newline.
  func render(_ failure: Failure) -> String {
    guard !failure.diagnostics.isEmpty else {
      return line(at: nil, failure.message, failure.remedy)
    }
    return failure.diagnostics.map { render($0.diagnostic) }.joined()
  }

  func render(_ diagnostic: Diagnostic) -> String {
    var text = line(at: diagnostic.place, diagnostic.message, diagnostic.remedy)
    for place in diagnostic.related { text += "\(self.place(place)): note: see also here\n" }
    return text
  }

  private func line(at place: Place?, _ message: String, _ remedy: String?) -> String {
    var text = place.map { "\(self.place($0)): " } ?? ""
    text += style.bad("error") + ": " + message.printable
    if let remedy { text += "; " + remedy.printable }
    return text + "\n"
  }

  private func place(_ place: Place) -> String { place.text(below: prefix) }
}

extension Place {
  /// `file:line:column`, with the file as it can be opened from where the command was run.
  func text(below prefix: String) -> String {
    (file == "-" ? description : prefix + description).printable
  }
}
