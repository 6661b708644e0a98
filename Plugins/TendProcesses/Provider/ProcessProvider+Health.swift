private import CTendProcesses
public import Tend

extension ProcessProvider {
  /// Follows the holder's word on every process; each change of it is reported at once.
  public func watch(_ drift: Drift<String>) async throws(ProviderError) {
    let home = try home()
    guard home.residence.isAgent else {
      // A command that only looks around needs no news.
      throw .cancelled
    }
    await home.mirror.listen(drift)
    throw .cancelled
  }

  /// Nothing is kept for one process alone.
  public func forget(_ id: String) {}

  /// Whether all replicas run with what is declared, and are ready.
  public func health(
    of current: ProcessState, as desired: ProcessSpec, _ context: Context
  ) async throws(ProviderError) -> Health {
    guard let report = current.report else {
      let failed = current.memory.ends.first { !$0.exit.isSuccess }
      return failed.map { .degraded("Failed: it \($0.exit.words)") } ?? .healthy
    }
    if let stuck = report.stuck { return .degraded(stuck + report.excerpt) }
    if let trouble = report.processes.lazy.compactMap({ $0.trouble }).first {
      return .degraded(trouble)
    }
    let waiting = report.processes.filter { !$0.isReady && $0.state != .finished }
    guard let first = waiting.first else { return .healthy }
    return .progressing(first.progress, checkAfter: .seconds(30))
  }

  /// What is known of each replica right now.
  public func details(of id: String) -> [Detail] {
    guard let report = try? home().report(id) else { return [] }
    let details = report.processes.flatMap { process in
      process.details(prefix: report.replicas > 1 ? "replica \(process.replica) " : "")
    }
    guard let why = report.unrecorded else { return details }
    return details + [
      Detail("record", "can't be written (\(why)): it is lost track of if the holder dies")
    ]
  }

  /// A folder for each replica that runs, or has printed anything.
  public func logs(of id: String) -> [LogFolder] {
    guard let home = try? home() else { return [] }
    let name = FolderName.of(id)
    let path = "\(home.residence.directory)/logs/\(name)"
    let logs = try? Folder(at: home.residence.directory).folder("logs")
    // Who printed nothing yet has none so far, and may be listened to all the same.
    let replicas = (try? home.report(id))??.processes.map(\.replica) ?? []
    for replica in Set(replicas) {
      _ = try? logs?.folder(name, making: true).folder("\(replica)", making: true)
    }
    let names = (try? logs?.folder(name).names) ?? []
    return names.compactMap { Int($0) }.sorted().map {
      LogFolder(part: "\($0)", path: "\(path)/\($0)")
    }
  }
}

extension Report.Process {
  /// Why it does not work, if it does not.
  fileprivate var trouble: String? {
    let lines = lastLines.isEmpty ? "" : "; its last lines: " + lastLines.joined(separator: " | ")
    if failures >= Backoff.loop, process == 0, let problem {
      return "replica \(replica) could not be started \(failures) times in a row: \(problem)"
    }
    if failures >= Backoff.loop {
      let end = lastExit.map { "it \($0.words)" + cause } ?? problem ?? ""
      return "crash loop: replica \(replica) ended \(failures) times in a row, last: \(end)\(lines)"
    }
    if state == .finished, let lastExit, !lastExit.isSuccess {
      return "Failed: replica \(replica) \(lastExit.words)\(lines)"
    }
    if isLate {
      return "replica \(replica) is not ready in time"
        + (problem.map { ": it \($0)" } ?? "") + lines
    }
    return nil
  }

  /// What it waits for.
  fileprivate var progress: String {
    switch state {
    case .waiting: "replica \(replica) is started again soon" + (problem.map { ": \($0)" } ?? "")
    case .running: "replica \(replica) is not ready yet" + (problem.map { ": it \($0)" } ?? "")
    case .ending: "replica \(replica) is being ended"
    case .finished: "replica \(replica) has ended"
    }
  }

  fileprivate func details(prefix: String) -> [Detail] {
    var details = [Detail(prefix + "state", words)]
    if process != 0 {
      details.append(Detail(prefix + "pid", Int64(process)))
      if let usage = Usage(of: process) {
        details.append(Detail(prefix + "uptime", usage.uptime.brief))
        details.append(Detail(prefix + "memory", "\(usage.memory >> 10) KiB"))
        details.append(Detail(prefix + "cpu", usage.cpu.brief))
      }
    }
    details.append(Detail(prefix + "restarts", restarts))
    if let lastExit {
      let time = exitedAt > 0 ? " at \(Timestamp(nanoseconds: exitedAt))" : ""
      details.append(Detail(prefix + "last exit", lastExit.words + time + cause))
    }
    if let problem { details.append(Detail(prefix + "problem", problem)) }
    if let statusText { details.append(Detail(prefix + "status", statusText)) }
    if !isTreeExact { details.append(Detail(prefix + "tree", "best effort")) }
    return details
  }

  /// Why its last exit was not its own doing.
  private var cause: String { exitReason.map { ", since \($0)" } ?? "" }

  private var words: String {
    switch state {
    case .waiting: "waiting for its next start"
    case .running: isReady ? "ready" : "not ready"
    case .ending: "ending"
    case .finished: lastExit?.isSuccess == true ? "Completed" : "Failed"
    }
  }
}

/// What a process uses, as the kernel counts it.
struct Usage {
  /// Resident, in bytes.
  let memory: Int64
  /// Of all processors together.
  let cpu: Duration
  /// Since it was started, by a clock that nobody can set.
  let uptime: Duration

  /// Reads /proc/PID; nil where it has ended.
  init?(of process: Int32) {
    guard let folder = try? Folder(at: "/proc/\(process)"),
      let pages = (try? folder.contents("statm")) ?? nil,
      let schedule = (try? folder.contents("schedstat")) ?? nil,
      let resident = Self.number(1, pages), let nanoseconds = Self.number(0, schedule)
    else { return nil }
    let (bytes, overflow) = resident.multipliedReportingOverflow(by: Int64(tend_page_size()))
    memory = overflow ? .max : bytes
    cpu = .nanoseconds(nanoseconds)
    uptime = .nanoseconds(max(0, tend_uptime(process)))
  }

  private static func number(_ index: Int, _ bytes: [UInt8]) -> Int64? {
    let words = bytes.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
    guard words.indices.contains(index) else { return nil }
    return Int64(String(decoding: words[index], as: UTF8.self))
  }
}
