private import CTendProcesses
internal import Tend

/// A negative answer of a system call.
struct SystemError: Error, Hashable {
  /// The errno.
  let code: Int32

  /// What it means, in the words of the C library, without a capital.
  var text: String {
    let text = String(cString: tend_error_words(code))
    return text.prefix(1).lowercased() + text.dropFirst()
  }

  static let notPermitted: Int32 = 1
  static let missing: Int32 = 2
  static let noProcess: Int32 = 3
  static let notExecutable: Int32 = 8
  static let tryAgain: Int32 = 11
  static let exists: Int32 = 17
  static let invalid: Int32 = 22
  /// This process, or the machine, may open no more.
  static let noDescriptors: Set<Int32> = [23, 24]
  static let noSpace: Int32 = 28
  static let refused: Int32 = 111
  static let noCall: Int32 = 38
}

/// Passes on what a call of `CTendProcesses` gave; a negative value is an error.
@discardableResult
func check<Value: BinaryInteger>(_ value: Value) throws(SystemError) -> Value {
  if value < 0 { throw SystemError(code: Int32(clamping: -Int64(clamping: value))) }
  return value
}
