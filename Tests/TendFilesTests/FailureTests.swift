import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("each errno has one meaning")
struct FailureTests {
  struct Row: Sendable {
    let errno: Int32
    let code: ProviderError.Code
    let remedy: String?

    init(_ errno: Int32, _ code: ProviderError.Code, _ remedy: String?) {
      (self.errno, self.code, self.remedy) = (errno, code, remedy)
    }
  }

  @Test(
    "what the engine makes of it, and whether a person can help",
    arguments: [
      Row(ENOSPC, .transient, "make room"),
      Row(EDQUOT, .transient, "quota"),
      Row(EMFILE, .transient, "open files"),
      Row(ENFILE, .transient, "open files"),
      Row(EIO, .transient, "check the device"),
      Row(ENOMEM, .transient, nil),
      Row(ESTALE, .transient, nil),
      Row(EINTR, .transient, nil),
      Row(EAGAIN, .transient, nil),
      Row(ETXTBSY, .transient, "stop the program"),
      Row(EEXIST, .conflict, nil),
      Row(EPERM, .notPermitted, "may do this"),
      Row(EACCES, .notPermitted, "may do this"),
      Row(EROFS, .permanent, "for writing"),
      Row(EBUSY, .permanent, "replace: inPlace"),
      Row(ENOENT, .permanent, "declare the Directory"),
      Row(ENOTDIR, .permanent, "instead of a directory"),
      Row(ELOOP, .permanent, "without its links"),
      Row(ENAMETOOLONG, .permanent, "shorter"),
      Row(EFBIG, .permanent, "another file system"),
      Row(EMLINK, .permanent, "another file system"),
      Row(EOPNOTSUPP, .permanent, "choose another"),
      Row(EINVAL, .permanent, "choose another"),
      Row(EXDEV, .permanent, "choose another"),
      Row(EISDIR, .permanent, "remove"),
      Row(ENOTEMPTY, .permanent, "remove"),
      Row(ENXIO, .permanent, "remove"),
      Row(9999, .transient, nil),
    ])
  func table(row: Row) {
    let error = ProviderError(SystemError(code: row.errno), "write", "/etc/motd")
    #expect(error.code == row.code)
    #expect(error.message.hasPrefix("can't write /etc/motd: "))
    #expect((error.remedy == nil) == (row.remedy == nil))
    if let remedy = row.remedy { #expect(error.remedy?.contains(remedy) == true) }
  }

  @Test("T55 running out of descriptors is an error that passes")
  func descriptors() async throws {
    await #expect(processExitsWith: .success) {
      let here = try Playground()
      mkdir(here("d"), 0o755)
      let spec = try here.file("d/f")
      let free = dup(0)
      close(free)
      var old = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &old)
      var low = rlimit(rlim_cur: rlim_t(free), rlim_max: old.rlim_max)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &low)
      let error = await failure { try await here.reconcile(spec) }
      #expect(error?.code == .transient)
      #expect(error?.remedy?.contains("open files") == true)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &old)
      try await here.reconcile(spec)
      #expect(text(of: here("d/f")) == "hello\n")
    }
  }
}
