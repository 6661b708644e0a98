internal import Tend
internal import TendEngine

/// Gives damaged files other names, so that a person can still look at them.
struct SetAside {
  let directory: StateDirectory
  let now: Timestamp

  /// How many sets of damaged files are kept; older ones go.
  private static let limit = 3

  /// Renames the database and what belongs to it, the log first: between two renames a crash leaves
  /// a database that is still seen to be damaged.
  ///
  /// Answers with the new paths.
  func database() throws(StoreError) -> [String] {
    let name = try freeName("tend.db")
    var paths: [String] = []
    for suffix in ["-wal", "-shm", ""] {
      guard try directory.status(of: "tend.db" + suffix) != nil else { continue }
      try directory.rename("tend.db" + suffix, to: name + suffix)
      paths.append(directory.path(of: name + suffix))
    }
    try removeOldest()
    return paths.sorted()
  }

  /// Renames another file.
  func file(_ name: String) throws(StoreError) -> String {
    let other = try freeName(name)
    try directory.rename(name, to: other)
    return directory.path(of: other)
  }

  /// `tend.db.corrupt-20261123T071253Z`, with a number behind it where that is taken.
  private func freeName(_ name: String) throws(StoreError) -> String {
    let stamp = now.description.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    let taken = Set(try directory.names())
    var candidate = "\(name).corrupt-\(stamp)"
    var number = 2
    while taken.contains(where: { $0.hasPrefix(candidate) }) {
      candidate = "\(name).corrupt-\(stamp)-\(number)"
      number += 1
    }
    return candidate
  }

  private func removeOldest() throws(StoreError) {
    let sets = try directory.names().filter {
      $0.hasPrefix("tend.db.corrupt-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
    }
    for name in sets.dropLast(Self.limit) {
      for suffix in ["-wal", "-shm", ""] { try directory.remove(name + suffix) }
    }
  }
}
