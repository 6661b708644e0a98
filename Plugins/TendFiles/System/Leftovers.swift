private import CTendFiles

/// Removes what a killed agent was making ready and did not finish.
struct Leftovers: Sendable {
  let names: TemporaryNames
  private let user = tend_effective_user()

  init(_ names: TemporaryNames) {
    self.names = names
  }

  /// Looks through a directory and removes what other runs left there.
  ///
  /// Only entries that bear such a name, belong to the agent's user (to root's agent: to anybody it
  /// may have been given to), and are not locked by an agent that still writes them. Another agent
  /// whose link or directory is caught in the instant before it gets its name sees a conflict, and
  /// makes it again.
  func sweep(_ directory: HeldDirectory) {
    guard let found = try? directory.names(where: names.isLeftOver) else { return }
    for name in found { try? remove(name, from: directory) }
  }

  private func remove(_ name: String, from directory: HeldDirectory) throws(SystemError) {
    guard let status = try directory.status(of: name), user == 0 || status.user == user else {
      return
    }
    switch status.type {
    case .directory: try directory.removeDirectory(name)
    case .link: try directory.unlink(name)
    case .file where status.links == 1:
      // Root's agent and the owner can nearly always open it; where not, nobody writes it either.
      if let file = try? directory.open(name, OpenFlags.reading) {
        try check(tend_lock(file.raw))
        try directory.unlink(name)
      } else {
        try directory.unlink(name)
      }
    default: break
    }
  }
}
