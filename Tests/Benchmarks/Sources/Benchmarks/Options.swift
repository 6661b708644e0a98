/// What the command line asks for.
struct Options {
  var names: [String] = []
  var percent = 100.0
  var runs = 3
  var peers: String?
  var isChild = false
  /// Whether the child is to do what the rival does.
  var isRival = false

  static let usage = """
    usage: Benchmarks [NAME ...] [--size PERCENT] [--runs N] [--peers FOLDER]

    Measures the named benchmarks, or all. A name may be a beginning: W5 means W5, W5u and W5s.
      --size PERCENT   of the full size (100); tests use 1
      --runs N         each in a fresh process; the median is shown (3)
      --peers FOLDER   compiles and runs the peers in it and shows ratios
      --list           prints the benchmarks
    """

  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    while let word = rest.popFirst() {
      switch word {
      case "--size": percent = try Self.number(word, rest.popFirst())
      case "--runs": runs = max(1, Int(try Self.number(word, rest.popFirst())))
      case "--peers": peers = rest.popFirst()
      case "--child": isChild = true
      case "--rival": isRival = true
      case _ where word.hasPrefix("-"): throw Program.Failure(description: Self.usage)
      default: names.append(word)
      }
    }
  }

  private static func number(_ option: String, _ word: String?) throws -> Double {
    guard let value = word.flatMap(Double.init), value > 0, value <= 100_000 else {
      throw Program.Failure(description: "\(option) needs a number above 0\n\(usage)")
    }
    return value
  }
}
