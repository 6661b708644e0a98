import Tend

/// What libyaml has to say about a text that is not YAML, and what to do about it.
struct SyntaxProblem {
  let problem: String
  let context: String
  let line: Int
  let column: Int
  let contextLine: Int
  let contextColumn: Int

  func diagnostic(in text: SourceText) -> Diagnostic {
    let related = context.isEmpty ? [] : [text.place(contextLine, contextColumn)]
    let begun = related.first.map { " that begins at \($0.line):\($0.column)" } ?? ""
    let (message, remedy) = inWords(begun)
    return Diagnostic(
      .syntax, at: text.place(line, column),
      "\(message), so that the rest of the file can't be read", remedy: remedy, related: related)
  }

  private func inWords(_ begun: String) -> (String, String) {
    switch problem {
    case "found unexpected end of stream":
      return ("the text ends inside \(subject)\(begun)", "close it")
    case "did not find expected node content":
      return ("a value is missing here", "write it, or remove what announces it")
    case "did not find expected ',' or ']'":
      return (
        "a comma or ] is missing in the list\(begun)", "separate the items by commas, close it by ]"
      )
    case "did not find expected ',' or '}'":
      return (
        "a comma or } is missing in the map\(begun)", "separate the fields by commas, close it by }"
      )
    case "did not find expected key":
      return (
        "this line does not fit the map\(begun)",
        "indent it like its neighbours, by spaces, and quote text that holds quotes"
      )
    case "did not find expected '-' indicator":
      return ("this line does not fit the list\(begun)", "begin it with - at the same column")
    case "mapping values are not allowed in this context":
      return (
        "a colon stands where no field can begin",
        "quote text that holds a colon and a space, or check the indentation"
      )
    case "could not find expected ':'":
      return ("a colon is missing after the key\(begun)", "write it as key: value")
    case "found character that cannot start any token":
      return (
        "no value can begin with this character",
        "indent by spaces, and quote text that begins with %, @, ` or a tab"
      )
    case "found a tab character that violates indentation",
      "found a tab character where an indentation space is expected":
      return ("a tab stands where indentation is expected", "indent by spaces")
    case "found unknown escape character":
      return (
        "a backslash in double quotes is followed by no known escape",
        "write \\\\ for a backslash, or use single quotes"
      )
    case "found duplicate anchor": return ("an anchor is defined twice", "rename one of them")
    case "found unexpected document indicator":
      return ("a document ends inside \(subject)\(begun)", "close it, or indent the line")
    case "did not find expected <document start>":
      return ("no document can begin here", "separate documents by a line ---")
    case "found undefined tag handle": return ("the tag is not defined", "remove the tag")
    case "": return ("the text is not YAML", "check it near this line")
    default:
      return ("\(context.isEmpty ? "" : context + ": ")\(problem)", "check the text near this line")
    }
  }

  private var subject: String {
    switch context {
    case "while scanning a quoted scalar": "the quoted text"
    case "while parsing a flow mapping": "the map"
    case "while parsing a flow sequence": "the list"
    default: "a value"
    }
  }
}
