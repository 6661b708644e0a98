/// Something that happens from outside.
struct Deed: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case commit, interfere, restart, trouble
    case crash(Loss)
  }

  let at: Duration
  let kind: Kind
  /// Decides all about it.
  let seed: UInt64
}

/// How often things happen from outside, in a day.
public struct DeedRates: Sendable, Hashable {
  /// New revisions.
  ///
  /// 3: a busy repository.
  public var commits = 3.0
  /// Changes by somebody else, and deaths of processes.
  ///
  /// 6: some for each revision.
  public var interferences = 6.0
  /// Deaths of the agent, somewhere in what it does next.
  ///
  /// 1.5: half as many as revisions, so that most revisions pass and many are hit.
  public var crashes = 1.5
  /// Losses of power.
  ///
  /// 0.3.
  public var powerLosses = 0.3
  /// Orderly restarts.
  ///
  /// 0.3.
  public var restarts = 0.3
  /// Times at which the source is gone, emptied, broken or rewritten, for up to 8 hours.
  ///
  /// 0.5.
  public var troubles = 0.5

  /// The defaults.
  public init() {}

  var all: [(Deed.Kind, Double)] {
    [
      (.commit, commits), (.interfere, interferences), (.crash(.agent), crashes),
      (.crash(.machine), powerLosses), (.restart, restarts), (.trouble, troubles),
    ]
  }
}

/// What happens from outside from one calm time to the next, in order of time.
struct Schedule: Sendable {
  var rounds: [[Deed]]
  let length: Duration

  /// Draws it.
  init(_ settings: Rehearsal.Settings) {
    var draw = Draw(seed: settings.seed, for: "schedule")
    let days = max(1, settings.calmEvery)
    length = .seconds(86_400) * days
    rounds = (0..<max(1, (settings.days + days - 1) / days)).map { _ in
      settings.deeds.all.flatMap { kind, rate in
        let expected = rate * Double(days)
        let count = Int(expected) + (draw.happens(expected - expected.rounded(.down)) ? 1 : 0)
        return (0..<count).map { _ in
          let second = draw.below(86_400 &* days)
          return Deed(at: .seconds(second), kind: kind, seed: draw.next())
        }
      }.sorted { ($0.at, $0.seed) < ($1.at, $1.seed) }
    }
  }
}
