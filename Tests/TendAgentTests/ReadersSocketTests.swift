import Glibc
import TestSupport
import Testing

@testable import TendAgent

/// The folder of the readers' socket.
struct ReadersSocketTests {
  @Test(
    "others are let into a folder that was made for nobody else, and never to write there",
    arguments: [(0o700, 0o755), (0o711, 0o755), (0o755, 0o755), (0o2750, 0o2755)]
      as [(mode_t, mode_t)])
  func admission(_ before: mode_t, _ after: mode_t) throws {
    let folder = try TemporaryFolder()
    try #require(chmod(folder.path, before) == 0)
    let directory = Descriptor(open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    try ReadersSocket.admitOthers(to: directory)
    var status = stat()
    try #require(stat(folder.path, &status) == 0)
    #expect(status.st_mode & 0o7777 == after)
  }
}
