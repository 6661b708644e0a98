import Tend

/// When what is settled is looked at again: within a tenth of its interval, neighbours together.
///
/// Each block of neighbouring slots has a moment of its own in every interval, so that the looks of
/// many resources are spread over it, and yet few of them wake anybody: those of a block are one
/// batch. Slots are given in the order of declaration, so neighbours are mostly of one place. What
/// was looked at out of turn comes back within a tenth as well, and joins its block by and by.
struct Cadence {
  /// How many moments there are where there are as many resources, and where there are few.
  static let moments = 64, fewMoments = 4
  /// Up to so many are looked at together also where that leaves less than `moments`: to wake
  /// somebody costs more than they do.
  static let few = 64
  /// Intervals above 12 years are that long.
  static let longest = Wheel.longest / 8

  private let seed: UInt64
  /// How many slots a block has, as the power of two.
  private let block: UInt32

  /// For so many rows; at most a batch of them are looked at together.
  init(seed: UInt64, rows: Int) {
    self.seed = seed
    let usual = max(1, rows / Self.moments, min(Self.few, rows / Self.fewMoments))
    let size = min(Scheduler.Batch.largest, usual)
    // Rounded up: with few, each moment less is worth more than evenness.
    block = UInt32(size.bitWidth - (size - 1).leadingZeroBitCount)
  }

  /// The next look at a slot after one that was at `now`.
  func next(
    _ slot: UInt32, interval: Duration, after now: Duration
  ) -> (delay: Duration, tolerance: Duration) {
    let length = min(interval.nanoseconds, Self.longest)
    guard length > 0 else { return (.zero, .zero) }
    let now = min(max(0, now.nanoseconds), .max - 4 * Self.longest)
    let tolerance = length / 1024
    let (earliest, latest) = (now + length / 10 * 9, now + length / 10 * 11 - tolerance)
    let own = UInt64(slot >> block)
    let phase = part(of: length, own, 0)
    let round = (earliest - phase) / length
    for round in round...round + 1 {
      // A little later or earlier each time, so that nothing else goes in step with it.
      let due = round * length + phase + part(of: length / 16, own, UInt64(round + 2))
      if due >= earliest, due <= latest {
        return (.nanoseconds(due - now), .nanoseconds(tolerance))
      }
    }
    let due = approach(phase + (round - 1) * length, length, earliest, latest, now)
    return (.nanoseconds(due - now), .nanoseconds(tolerance))
  }

  /// The time until all that one list serves are due: at multiples of the interval from the group's
  /// phase on, but not within a tenth of it.
  static func untilGroup(
    _ phase: UInt64, interval: Duration, after now: Duration
  ) -> Duration {
    let length = min(interval.nanoseconds, longest)
    guard length > 0 else { return .zero }
    let since = (now.nanoseconds % length - Int64(phase % UInt64(length)) + length) % length
    let wait = length - since
    return .nanoseconds(wait < length / 10 ? wait + length : wait)
  }

  /// Earlier or later than by the interval, whichever brings the block nearer to its moment; one of
  /// those that were, is `mark`.
  ///
  /// An interval has eleven moments to come to, of which there is one in every tenth: so what ended
  /// at about the same time goes on together, and is a step nearer each time.
  private func approach(
    _ mark: Int64, _ length: Int64, _ earliest: Int64, _ latest: Int64, _ now: Int64
  ) -> Int64 {
    let step = max(1, length / 11)
    let isBehind = (now - mark) % length < length / 2
    let steps = isBehind ? (earliest - mark + step - 1) / step : (latest - mark) / step
    return min(max(earliest, mark + steps * step), latest)
  }

  /// A part of a length that these numbers decide.
  private func part(of length: Int64, _ block: UInt64, _ number: UInt64) -> Int64 {
    var random = SplitMix(state: seed ^ block &* 0x9E37_79B9_7F4A_7C15 ^ number)
    return Int64(random.next().multipliedFullWidth(by: UInt64(length)).high)
  }
}
