internal import Tend

extension Placement {
  /// The most strangers that are named.
  private static let mostNames = 10

  /// Removes an empty directory; one that is not empty stays, and the outcome says what is in it.
  ///
  /// `inside` opens the directory itself, to take out what a killed agent left there.
  func removeDirectory(
    _ found: Status, inside: () throws(ProviderError) -> HeldDirectory?
  ) throws(ProviderError) -> Outcome {
    try verify(found)
    if try removeIfEmpty() { return .done }
    if let held = try inside(), held.inode == found.inode, held.device == found.device {
      Leftovers(names).sweep(held)
      if try removeIfEmpty() { return .done }
    }
    return .kept("\(path) is not empty: it holds \(try strangers())")
  }

  private func removeIfEmpty() throws(ProviderError) -> Bool {
    do {
      try directory.removeDirectory(name)
    } catch {
      switch error.code {
      case ErrorCode.notEmpty, ErrorCode.exists: return false
      case ErrorCode.missing: break
      default: try run("remove") { () throws(SystemError) in throw error }
      }
    }
    try sync()
    return true
  }

  private func strangers() throws(ProviderError) -> String {
    let names = try run("list") { () throws(SystemError) in
      try directory.names(in: name, atMost: Self.mostNames + 1)
    }
    let shown = names.sorted().prefix(Self.mostNames).map(\.printable)
    return shown.joined(separator: ", ") + (names.count > Self.mostNames ? " and more" : "")
  }

  /// Removes a name that is no directory's; it may be gone already, moved to the backup.
  func unlinkIfPresent() throws(ProviderError) {
    do {
      try directory.unlink(name)
    } catch {
      guard error.code == ErrorCode.missing else {
        return try run("remove") { () throws(SystemError) in throw error }
      }
    }
  }
}

extension String {
  /// As one line, whatever is in the name.
  var printable: String {
    unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f } ? debugDescription : self
  }
}
