/// A signal by its name, without `SIG`.
struct Signal: Hashable, Sendable, Codable, LosslessStringConvertible {
  let number: Int32

  static let term = Signal(number: 15)
  static let kill = Signal(number: 9)
  static let hangUp = Signal(number: 1)
  static let abort = Signal(number: 6)

  /// The signals of Linux that have the same number on all machines that it is built for here.
  static let names: [(name: String, number: Int32)] = [
    ("HUP", 1), ("INT", 2), ("QUIT", 3), ("ILL", 4), ("TRAP", 5), ("ABRT", 6), ("BUS", 7),
    ("FPE", 8), ("KILL", 9), ("USR1", 10), ("SEGV", 11), ("USR2", 12), ("PIPE", 13), ("ALRM", 14),
    ("TERM", 15), ("CHLD", 17), ("CONT", 18), ("STOP", 19), ("TSTP", 20), ("TTIN", 21),
    ("TTOU", 22), ("URG", 23), ("XCPU", 24), ("XFSZ", 25), ("VTALRM", 26), ("PROF", 27),
    ("WINCH", 28), ("IO", 29), ("PWR", 30), ("SYS", 31),
  ]

  init(number: Int32) { self.number = number }

  /// Reads `TERM` or `SIGTERM`.
  init?(_ description: String) {
    let name = description.hasPrefix("SIG") ? String(description.dropFirst(3)) : description
    guard let found = Self.names.first(where: { $0.name == name }) else { return nil }
    number = found.number
  }

  /// Its name, or its number where it has none.
  var description: String {
    Self.names.first { $0.number == number }?.name ?? "\(number)"
  }
}

/// How a process ended.
enum Exit: Hashable, Sendable, Codable {
  case status(Int32)
  case signal(Int32)
  /// Nobody watched: what can't be known is not made up.
  case unknown

  /// Whether it did what it was started for; of an exit that nobody saw that can't be said.
  var isSuccess: Bool { self == .status(0) }

  /// For people.
  var words: String {
    switch self {
    case .status(let status): "exited with status \(status)"
    case .signal(let number): "was ended by signal \(Signal(number: number))"
    case .unknown: "ended while nobody watched"
    }
  }
}
