private import CTendFiles
internal import Tend

/// Runs the command of a `Validation` and waits for its end, on a thread that may block.
struct ValidationRun {
  let validation: Validation
  /// Where the new content is, as the command is told.
  let path: String
  /// As whom the command runs.
  let user: UInt32
  let group: UInt32

  /// What a command is told about its surroundings; nothing of the agent's own.
  private static let environment = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
  ]

  /// How it ended, and the beginning of what it printed.
  ///
  /// When the time is over, or the task is cancelled, the command and all that it has started are
  /// ended first.
  func run(within time: Duration) async throws(SystemError) -> (Validation.Verdict, String) {
    var command = tend_command()
    let code = withStrings(validation.arguments(for: path)) { arguments in
      withStrings(Self.environment) { environment in
        tend_command_start(arguments, environment, user, group, &command)
      }
    }
    try check(code)
    let bell = Bell()
    let milliseconds = Int32(clamping: max(0, time.nanoseconds / 1_000_000))
    let answer = command.answer
    let ready = await withTaskCancellationHandler {
      tend_wait(answer, bell.raw, milliseconds)
    } onCancel: {
      bell.ring()
    }
    var end = tend_command_end()
    try check(tend_command_finish(&command, &end))
    let text = withUnsafeBytes(of: end.text) { buffer in
      String(decoding: buffer.prefix(Int(end.size)), as: UTF8.self)
    }
    let isWhole = ready & 1 != 0 && end.has_ended != 0
    return (isWhole ? Validation.Verdict(end.status) : .late, text + (end.is_cut != 0 ? "…" : ""))
  }

  private func withStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
  ) -> Result {
    let bytes = strings.map { Array($0.utf8CString) }
    let starts = bytes.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
    return Array(bytes.joined()).withUnsafeBufferPointer { buffer in
      var pointers = starts.dropLast().map { start in buffer.baseAddress.map { $0 + start } }
      pointers.append(nil)
      return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
  }
}

/// Rung when the task is cancelled; without descriptors left nobody hears it, and the time decides.
private final class Bell: Sendable {
  /// The number of an eventfd(2), -1 where there is none.
  let raw = max(-1, tend_bell_make())

  deinit { if raw >= 0 { tend_close(raw) } }

  func ring() { if raw >= 0 { tend_bell_ring(raw) } }
}
