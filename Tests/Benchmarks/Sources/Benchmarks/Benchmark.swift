/// One workload and what is asked of it.
struct Benchmark: Sendable {
  /// A measured number.
  struct Figure: Sendable {
    enum Unit: Sendable {
      case perSecond, nanoseconds, microseconds, milliseconds, bytes, count, ratio
    }

    let name: String
    let unit: Unit
    /// Whether more is better; else less is.
    var risesWithQuality = false
    /// The goal for our own number.
    var aim: Double?
    /// The goal for ours divided by the peer's.
    var ratioAim: Double?
    /// The goal for what ours is above the peer's.
    var aimBeyond: Double?

    static func rate(_ name: String = "rate", aim: Double? = nil, ratio: Double? = nil) -> Figure {
      Figure(name: name, unit: .perSecond, risesWithQuality: true, aim: aim, ratioAim: ratio)
    }
  }

  /// A program that does the same, built and run in the same benchmark run.
  struct Peer: Sendable {
    /// Source file in `Peers/`.
    let source: String
    /// The size in percent is appended.
    let arguments: [String]
    /// What it is linked with.
    var libraries: [String] = []
    /// A program that it runs; where that is not installed, there is no peer.
    var needs: String?
  }

  /// The same work done by programs that are installed, as a process of its own in the same run.
  struct Rival: Sendable {
    /// Where it is not, there is no peer.
    let isInstalled: @Sendable () -> Bool
    let run: @Sendable (_ percent: Double) async throws -> [String: Double]
  }

  /// Unique; what the command line names.
  let name: String
  /// What it does, in a line.
  let what: String
  var peer: Peer?
  var rival: Rival?
  /// Programs without which it can't be measured, found in `PATH` or given whole.
  var needs: [String] = []
  let figures: [Figure]
  /// Does it once, in a process of its own, at this many percent of the full size.
  let run: @Sendable (_ percent: Double) async throws -> [String: Double]
}
