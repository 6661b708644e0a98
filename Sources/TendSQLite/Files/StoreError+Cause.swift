internal import GRDB
internal import TendEngine

#if canImport(Glibc)
private import Glibc
#elseif canImport(Musl)
private import Musl
#else
private import Darwin
#endif

extension StoreError {
  /// What a system call on a file answered, as `errno` (see errno(3)).
  init(errno code: Int32, _ doing: String, _ path: String) {
    let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
    self.init(Self.code(ofErrno: code), "can't \(doing) \(path): \(reason)", path: path)
  }

  /// What SQLite answered about a database file.
  init(_ error: any Error, at path: String) {
    switch error {
    case let error as StoreError: self = error
    case let error as DatabaseError:
      let reason = error.message ?? "\(error.extendedResultCode)"
      self.init(Self.code(of: error), "\(path): \(reason)", path: path)
    default: self.init(.inputOutput, "\(path): \(error)")
    }
  }

  private init(_ code: Code, _ message: String, path: String) {
    self.init(code, message, remedy: Self.remedy(for: code, path: path))
  }

  private static func code(ofErrno code: Int32) -> Code {
    switch code {
    case ENOSPC, EDQUOT: .full
    case EACCES, EPERM, EROFS: .notPermitted
    case ENOENT, ENOTDIR: .missing
    default: .inputOutput
    }
  }

  /// SQLite's result codes: https://www.sqlite.org/rescode.html.
  private static func code(of error: DatabaseError) -> Code {
    switch error.resultCode {
    case .SQLITE_FULL: .full
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT: .corrupt
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN: .notPermitted
    case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL: .locked
    // With the disk full, the shared index beside the log can't grow.
    case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE: .full
    default: .inputOutput
    }
  }

  private static func remedy(for code: Code, path: String) -> String? {
    switch code {
    case .full: "free space on its file system; it goes on by itself"
    case .notPermitted: "run as the owner of \(path), or choose another state directory"
    case .corrupt: "start again for writing: the damaged file is set aside by name"
    case .locked: "try again"
    case .inputOutput: "look at the health of its file system"
    default: nil
    }
  }

  /// A database that says nothing of what is kept there.
  static func corrupt(_ path: String, _ reason: String) -> StoreError {
    StoreError(.corrupt, "\(path) is damaged: \(reason)", path: path)
  }
}
