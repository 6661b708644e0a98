/// Prometheus' text format 0.0.4, read strictly.
public enum ExpositionGrammar {
  /// What is wrong with a text, by lines; empty where nothing is.
  public static func mistakes(in text: String) -> [String] {
    var mistakes: [String] = []
    if !text.hasSuffix("\n") { mistakes.append("the last line has no end") }
    var types: [Substring: Substring] = [:]
    var seen: Set<Substring> = []
    for (number, line) in text.split(separator: "\n").enumerated() {
      let mistake =
        if let type = line.wholeMatch(of: type) {
          types.updateValue(type.output.kind, forKey: type.output.name) == nil
            ? nil : "a type for the second time"
        } else if line.wholeMatch(of: help) != nil {
          String?.none
        } else if let sample = line.wholeMatch(of: sample) {
          mistakeOf(sample.output.name, sample.output.series, types, &seen)
        } else {
          "neither a comment nor a sample"
        }
      if let mistake { mistakes.append("line \(number + 1), \(line): \(mistake)") }
    }
    return mistakes
  }

  private static func mistakeOf(
    _ name: Substring, _ series: Substring, _ types: [Substring: Substring],
    _ seen: inout Set<Substring>
  ) -> String? {
    guard seen.insert(series).inserted else { return "a series for the second time" }
    if let kind = types[name] { return kind == "histogram" ? "a bare histogram" : nil }
    let suffix = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) }
    guard let suffix, types[name.dropLast(suffix.count)] == "histogram" else {
      return "a sample without a type"
    }
    return nil
  }

  private static var type: Regex<(Substring, name: Substring, kind: Substring)> {
    /# TYPE (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<kind>counter|gauge|histogram)/
  }

  private static var help: Regex<Substring> {
    /# HELP [a-zA-Z_:][a-zA-Z0-9_:]* (?:[^\\]|\\\\|\\n)*/
  }

  private static var sample: Regex<(Substring, series: Substring, name: Substring)> {
    #/
    (?<series> (?<name> [a-zA-Z_:] [a-zA-Z0-9_:]* )
      (?: \{ (?: [a-zA-Z_] [a-zA-Z0-9_]* =" (?: [^"\\] | \\\\ | \\n | \\" )* " ,? )+ \} )? )
    \x20 (?: NaN | [+-]Inf | -? [0-9.]+ (?: e [+-]? [0-9]+ )? )
    /#
  }
}
