/// One step of a history: what people, the engine or misfortune do.
enum Step: Sendable, Hashable {
  /// The resource is declared so from now on.
  case declare(Int, sample: Int)
  /// It is no longer declared.
  case withdraw(Int)
  /// Observe, change what differs, observe again; with something that goes wrong on the way.
  case pass(Int, Fault?)
  /// The last change is applied again.
  case again(Int)
  /// The change before the last is applied, long after it was planned.
  case late(Int)
  /// The process ends, and another begins where the store has it.
  case restart
  /// Somebody else makes it so; nil: removes it.
  case outside(Int, sample: Int?)
  /// Passes of several, one boundary at a time in the order that the seed decides.
  case together([Int], seed: UInt64)

  /// The resources that it may change, or the way in which they are declared.
  var touched: [Int] {
    switch self {
    case .declare(let resource, _), .withdraw(let resource), .pass(let resource, _),
      .again(let resource), .late(let resource), .outside(let resource, _):
      [resource]
    case .together(let resources, _): resources
    case .restart: []
    }
  }

  /// As a person reads it.
  func text(_ names: [String]) -> String {
    switch self {
    case .declare(let resource, let sample): "declare \(names[resource]) as in sample \(sample + 1)"
    case .withdraw(let resource): "declare \(names[resource]) no longer"
    case .pass(let resource, nil): "a pass of \(names[resource])"
    case .pass(let resource, let fault?): "a pass of \(names[resource]) with a \(fault)"
    case .again(let resource): "apply the last change of \(names[resource]) again"
    case .late(let resource): "apply the change before the last of \(names[resource])"
    case .restart: "restart"
    case .outside(let resource, let sample?):
      "somebody else makes \(names[resource]) as in sample \(sample + 1)"
    case .outside(let resource, nil): "somebody else removes \(names[resource])"
    case .together(let resources, let seed):
      "passes of \(resources.map { names[$0] }.joined(separator: " and ")) at once (seed \(seed))"
    }
  }

  /// The law that is broken where a history with this step ends otherwise than without it.
  var law: Law? {
    switch self {
    case .pass(_, let fault?):
      fault.kind == .staleRead || fault.kind == .overtakenRead
        ? .staleReadsAreMended : .interruptionIsMended
    case .again: .repeatingIsHarmless
    case .late: .lateChangesAreMended
    case .together: .resourcesAreIndependent
    case .withdraw: .deletionIsComplete
    case .declare, .pass, .restart, .outside: nil
    }
  }
}
