import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// The verb `tend logs`.
struct Logs: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a process printed.",
    discussion: """
      Each line begins with its time. Works with and without an agent; with --follow until Ctrl-C.

        tend logs Process/web
        tend logs Process/web --since 10m --replica 1
        tend logs Process/web --follow
      """)

  @Argument(help: "KIND/NAME, or GROUP/VERSION/KIND/NAME where the kind is ambiguous.")
  var resource: String
  @Flag(help: "Go on with what is printed from now on.")
  var follow = false
  @Option(help: ArgumentHelp("Only what is at most this old, such as 10m.", valueName: "time"))
  var since: DurationArgument?
  @Option(help: ArgumentHelp("Only this replica, from 0.", valueName: "number"))
  var replica: Int?
  @Option(help: ArgumentHelp("At most this many lines, the last ones.", valueName: "count"))
  var tail = 1000
  @OptionGroup var unit: UnitOption
  @OptionGroup var state: StateOptions

  func validate() throws {
    guard tail > 0 else { throw ValidationError("--tail must be at least 1") }
    guard replica ?? 0 >= 0 else { throw ValidationError("--replica must not be negative") }
  }

  func perform(in session: Session) async throws -> ExitStatus {
    let folders = try await folders(session)
    let oldest = since.map { Timestamp(nanoseconds: Self.before($0.duration)).description }
    var readers = folders.map { LogReader($0, isNamed: folders.count > 1) }
    var lines: [LogReader.Line] = []
    for index in readers.indices { lines += readers[index].history(since: oldest) }
    // Times of one form sort as texts; what has the same keeps its order.
    for line in lines.sorted(by: { $0.time < $1.time }).suffix(tail) {
      session.console.out(line.text)
    }
    if follow { await Self.follow(readers, folders.map(\.path), session.console) }
    return .success
  }

  private func folders(_ session: Session) async throws -> [LogFolder] {
    let all = try await session.reading(state) { access in
      try await access.ask(
        .logs(unit: unit.unit, resource: resource), as: ItemList<LogFolder>.self
      ).items
    }
    let folders = all.filter { replica == nil || $0.part == replica.map(String.init) }
    if folders.isEmpty, let replica {
      throw Failure(
        "NotFound", "nothing is kept of a replica \(replica)",
        remedy: all.isEmpty
          ? "there is none" : "there are only \(all.map(\.part).joined(separator: ", "))")
    }
    return folders
  }

  private static func follow(
    _ readers: [LogReader], _ paths: [String], _ console: Console
  ) async {
    await onThreadOfItsOwn {
      var readers = readers
      guard let watch = LogWatch(of: paths) else { return }
      repeat {
        var lines: [LogReader.Line] = []
        for index in readers.indices { lines += readers[index].more() }
        for line in lines.sorted(by: { $0.time < $1.time }) { console.out(line.text) }
      } while watch.wait()
    }
  }

  private static func before(_ duration: Duration) -> Int64 {
    let (time, overflow) = Timestamp.wallClock.nanoseconds.subtractingReportingOverflow(
      duration.nanoseconds)
    return overflow ? 0 : time
  }
}
