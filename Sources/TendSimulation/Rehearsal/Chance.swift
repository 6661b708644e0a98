import Synchronization
import TendEngine

/// Decides what goes wrong, each time from the seed, the site and the number of the call alone.
///
/// So leaving out one fault, or a part of what happens elsewhere, leaves the others as they are.
final class Chance: Sendable {
  private struct State {
    var isOn = true
    var counts: [String: Int] = [:]
    var fired: [Fault] = []
  }

  let rates: FaultRates
  private let seed: UInt64
  /// The only faults that may come to pass; nil: all.
  private let allowed: Set<Fault>?
  private let state = Mutex(State())

  init(_ rates: FaultRates, seed: UInt64, allowed: Set<Fault>?) {
    self.rates = rates
    self.seed = seed
    self.allowed = allowed
  }

  /// What came to pass so far.
  var fired: [Fault] { state.withLock { $0.fired } }

  /// Whether anything may go wrong.
  func turn(on isOn: Bool) { state.withLock { $0.isOn = isOn } }

  /// What goes wrong with the next call of a site, and chance for how.
  func next(_ site: String, _ kinds: [(Fault.Kind, Double)]) -> (kind: Fault.Kind, draw: Draw)? {
    state.withLock { state in
      let number = (state.counts[site] ?? 0) + 1
      state.counts[site] = number
      guard state.isOn else { return nil }
      var draw = Draw(seed: SplitMix.mixed(site) ^ seed &+ UInt64(number) &* 0x2545_f491_4f6c_dd1d)
      guard let kind = kinds.first(where: { draw.happens($0.1) })?.0 else { return nil }
      let fault = Fault(site: site, number: number, kind: kind)
      if let allowed, !allowed.contains(fault) { return nil }
      state.fired.append(fault)
      return (kind, draw)
    }
  }
}
