private import Glibc
import Tend
import TendEngine

/// What this process takes of the machine: see proc(5).
///
/// The names are not Prometheus' usual `process_…`: in a file for the textfile collector they would
/// clash with node_exporter's own.
enum ProcessUsage {
  static let descriptions = [
    MetricDescription(
      .counter, "tend_agent_cpu_seconds_total",
      "Time that the agent's threads ran, in user and system mode."),
    MetricDescription(
      .gauge, "tend_agent_resident_memory_bytes", "Memory of the agent that is resident."),
    MetricDescription(.gauge, "tend_agent_open_files", "File descriptors that the agent has open."),
    MetricDescription(
      .gauge, "tend_agent_open_files_limit", "File descriptors that the agent may have open."),
    MetricDescription(.gauge, "tend_agent_threads", "Threads of the agent."),
    MetricDescription(
      .gauge, "tend_agent_start_time_seconds",
      "When the agent started, in seconds since 1970 by the clock of then."),
  ]

  static func samples(since start: Timestamp) -> [MetricSample] {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    var limit = rlimit()
    getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
    let status = fields(of: "/proc/self/statm")
    let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
    let resident = status.indices.contains(1) ? status[1] * pageSize : 0
    return [
      gauge("tend_agent_cpu_seconds_total", seconds(usage.ru_utime) + seconds(usage.ru_stime)),
      gauge("tend_agent_resident_memory_bytes", resident),
      gauge("tend_agent_open_files", Double(entries(of: "/proc/self/fd"))),
      gauge("tend_agent_open_files_limit", Double(limit.rlim_cur)),
      gauge("tend_agent_threads", Double(entries(of: "/proc/self/task"))),
      gauge("tend_agent_start_time_seconds", Double(start.nanoseconds) / 1e9),
    ]
  }

  private static func gauge(_ name: String, _ value: Double) -> MetricSample {
    MetricSample(name, [], .number(value))
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }

  /// The numbers of a file that is one short line.
  private static func fields(of path: String) -> [Double] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
      .split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
  }

  /// How many entries a directory has, without the one that counts them.
  private static func entries(of path: String) -> Int {
    guard let stream = opendir(path) else { return 0 }
    defer { closedir(stream) }
    var count = 0
    while let entry = readdir(stream) {
      let isHidden = entry.pointee.d_name.0 == CChar(UInt8(ascii: "."))
      if !isHidden { count += 1 }
    }
    return path.hasSuffix("fd") ? max(0, count - 1) : count
  }
}
