/// Something that goes wrong between the engine and what it works with.
public struct Fault: Sendable, Hashable, CustomStringConvertible {
  /// What goes wrong.
  public enum Kind: String, Sendable, Hashable {
    /// The call fails and has no effect.
    case failure = "fails"
    /// The call has its effect, and fails.
    case lostReply = "loses its reply"
    /// The call takes its time.
    case delay = "is slow"
    /// The call does not return before it is cancelled.
    case hang = "hangs"
    /// The answer is one that was true a moment ago.
    case staleRead = "answers what was true before"
    /// A report of drift is lost.
    case lostReport = "is not reported"
  }

  /// What the call is and on what, such as `service change key-1`.
  public let site: String
  /// Which call of this site, counted from 1.
  public let number: Int
  /// What goes wrong.
  public let kind: Kind

  /// For people, in a line.
  public var description: String { "call \(number) of “\(site)” \(kind.rawValue)" }
}

/// How often things go wrong, and for how long.
///
/// The defaults are far worse than any machine: in a simulated year all pairs of faults meet.
public struct FaultRates: Sendable, Hashable {
  /// The share of calls that fail without effect.
  ///
  /// 2 %: some in each revision, few enough that most passes end.
  public var failure = 0.02
  /// The share of changes whose reply is lost.
  ///
  /// 2 %: as many as fail.
  public var lostReply = 0.02
  /// The share of calls that take up to `longestDelay`.
  ///
  /// 2 %.
  public var delay = 0.02
  /// How long a slow call takes at most.
  ///
  /// 40 seconds: most are within the deadline of a reconcile, 30 seconds, and some are not.
  public var longestDelay: Duration = .seconds(40)
  /// The share of calls that hang until they are cancelled.
  ///
  /// 0.2 %: each costs a deadline.
  public var hang = 0.002
  /// The share of reads with an old answer, where a world has such.
  ///
  /// 10 %: only those soon after a change differ from a fresh one.
  public var staleRead = 0.1
  /// How old an old answer may be.
  ///
  /// A minute: a replica that is behind for longer is down.
  public var staleness: Duration = .seconds(60)
  /// The share of reports of drift that are lost.
  ///
  /// 30 %: the resync has to find the rest.
  public var lostReport = 0.3
  /// The share of commits of the store that fail.
  ///
  /// 1 %: a disk that is full now and then.
  public var store = 0.01

  /// The defaults.
  public init() {}

  /// Nothing goes wrong.
  public static var none: FaultRates {
    var rates = FaultRates()
    (rates.failure, rates.lostReply, rates.delay, rates.hang) = (0, 0, 0, 0)
    (rates.staleRead, rates.lostReport, rates.store) = (0, 0, 0)
    return rates
  }
}
