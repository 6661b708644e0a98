import Glibc

/// Where the control socket lies.
///
/// An address holds at most 107 bytes of path (unix(7)), so a socket is always named by way of its
/// directory's descriptor: `/proc/self/fd/N/tend.sock` is short wherever the directory is.
struct SocketAddress {
  static let name = "tend.sock"

  let directory: Descriptor

  /// Fails where there is no such directory.
  init(directory path: String) throws(Failure) {
    let number = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    let error = errno
    guard number >= 0 else {
      throw Failure(
        error == ENOENT ? "Missing" : "Socket",
        "the state directory \(path) can't be opened: \(errnoText(error))",
        remedy: error == EACCES ? "run tend as the user of the agent, or as root" : nil)
    }
    directory = Descriptor(number)
  }

  /// Runs a body with the address in the form that the kernel takes.
  func withAddress(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = "/proc/self/fd/\(directory.raw)/\(Self.name)"
    withUnsafeMutableBytes(of: &address.sun_path) { bytes in
      bytes.copyBytes(from: path.utf8.prefix(bytes.count - 1))
    }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        body(pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  /// Removes what an agent that is gone has left; who holds the state lock knows that it is gone.
  func removeLeftOver() throws(Failure) {
    var status = stat()
    guard fstatat(directory.raw, Self.name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw Failure(
        "Socket", "\(Self.name) in the state directory is not a socket",
        remedy: "move it away; tend does not delete what it did not make")
    }
    _ = unlinkat(directory.raw, Self.name, 0)
  }

  func remove() { _ = unlinkat(directory.raw, Self.name, 0) }
}
