import Glibc
import Tend

/// Where the control socket lies.
///
/// An address holds at most 107 bytes of path (unix(7)), so a socket is always named by way of its
/// directory's descriptor: `/proc/self/fd/N/tend.sock` is short wherever the directory is.
struct SocketAddress {
  let directory: Descriptor
  let name: String

  /// Where the agent of a state directory answers its own user.
  ///
  /// Fails where there is no such directory.
  init(directory path: String) throws(Failure) {
    name = "tend.sock"
    let number = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    let error = errno
    guard number >= 0 else {
      throw Failure(
        error == ENOENT ? "Missing" : "Socket",
        "the state directory \(path) can't be opened: \(errnoText(error))",
        remedy: error == EACCES ? "run tend as the user of the agent, or as root" : nil)
    }
    directory = Descriptor(number)
  }

  /// Where it answers those who may only read; nil where there is no such directory.
  ///
  /// They can't look into the state directory, so it lies elsewhere, under a name that both sides
  /// make of the path of that.
  init?(readersOf stateDirectory: String, in folder: String) {
    name = SHA256.hex(Array(stateDirectory.utf8)).prefix(16) + ".sock"
    directory = Descriptor(Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    if directory.raw < 0 { return nil }
  }

  /// Runs a body with the address in the form that the kernel takes.
  func withAddress(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = "/proc/self/fd/\(directory.raw)/\(name)"
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
    guard fstatat(directory.raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw Failure(
        "Socket", "\(name) stands where the socket would be, and is none",
        remedy: "move it away; tend does not delete what it did not make")
    }
    _ = unlinkat(directory.raw, name, 0)
  }

  /// Lets a group connect too.
  func open(to group: UInt32) throws(Failure) {
    guard fchownat(directory.raw, name, uid_t.max, group, AT_SYMLINK_NOFOLLOW) == 0,
      fchmodat(directory.raw, name, 0o660, 0) == 0
    else {
      throw Failure(
        "Socket", "the readers' socket can't be given to their group: \(errnoText(errno))",
        remedy: "name a group in `readers` that the agent's user is in")
    }
  }

  func remove() { _ = unlinkat(directory.raw, name, 0) }
}
