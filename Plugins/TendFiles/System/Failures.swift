internal import Tend

/// The values of errno that are told apart; see errno(3).
enum ErrorCode {
  static let notPermitted: Int32 = 1
  static let missing: Int32 = 2
  static let interrupted: Int32 = 4
  static let inputOutput: Int32 = 5
  static let noDevice: Int32 = 6
  static let tryAgain: Int32 = 11
  static let noMemory: Int32 = 12
  static let accessDenied: Int32 = 13
  static let busy: Int32 = 16
  static let exists: Int32 = 17
  static let otherDevice: Int32 = 18
  static let notDirectory: Int32 = 20
  static let isDirectory: Int32 = 21
  static let invalid: Int32 = 22
  static let tooManyOpenInSystem: Int32 = 23
  static let tooManyOpen: Int32 = 24
  static let programRuns: Int32 = 26
  static let fileTooLarge: Int32 = 27
  static let noSpace: Int32 = 28
  static let readOnly: Int32 = 30
  static let tooManyLinks: Int32 = 31
  static let nameTooLong: Int32 = 36
  static let notEmpty: Int32 = 39
  static let tooManySymbolicLinks: Int32 = 40
  static let notSupported: Int32 = 95
  static let stale: Int32 = 116
  static let overQuota: Int32 = 122
}

extension ProviderError {
  /// What the engine makes of a failed system call: the one table from errno to code and remedy.
  init(_ error: SystemError, _ action: String, _ path: String) {
    let (code, remedy) = Self.meaning(of: error.code, path)
    self.init(code, "can't \(action) \(path): \(error.text)", remedy: remedy)
  }

  private static func meaning(of error: Int32, _ path: String) -> (Code, String?) {
    switch error {
    case ErrorCode.noSpace: (.transient, "make room on the file system that holds \(path)")
    case ErrorCode.overQuota: (.transient, "raise the quota, or make room for \(path)")
    case ErrorCode.tooManyOpen, ErrorCode.tooManyOpenInSystem:
      (.transient, "raise the limit of open files of the agent")
    case ErrorCode.noMemory, ErrorCode.interrupted, ErrorCode.tryAgain, ErrorCode.stale:
      (.transient, nil)
    case ErrorCode.inputOutput: (.transient, "check the device that holds \(path)")
    case ErrorCode.programRuns: (.transient, "stop the program \(path), or replace it atomically")
    case ErrorCode.exists: (.conflict, nil)
    case ErrorCode.notPermitted, ErrorCode.accessDenied:
      (.notPermitted, "run the agent as a user that may do this, or give its user the right")
    case ErrorCode.readOnly:
      (.permanent, "mount the file system that holds \(path) for writing, or choose another path")
    case ErrorCode.busy:
      (
        .permanent,
        "it is a mount point or in use: unmount it; the content of a File can be replaced in such "
          + "a place where replace: inPlace is declared"
      )
    case ErrorCode.missing: (.permanent, "declare the Directory that should hold it")
    case ErrorCode.notDirectory: (.permanent, "remove what stands there instead of a directory")
    case ErrorCode.tooManySymbolicLinks: (.permanent, "declare the path without its links")
    case ErrorCode.nameTooLong: (.permanent, "choose a shorter path")
    case ErrorCode.fileTooLarge, ErrorCode.tooManyLinks:
      (.permanent, "choose another file system for it")
    case ErrorCode.notSupported, ErrorCode.invalid, ErrorCode.otherDevice:
      (.permanent, "the file system that holds \(path) can't do this: choose another")
    case ErrorCode.isDirectory, ErrorCode.notEmpty, ErrorCode.noDevice:
      (.permanent, "remove what stands at \(path)")
    default: (.transient, nil)
    }
  }
}
