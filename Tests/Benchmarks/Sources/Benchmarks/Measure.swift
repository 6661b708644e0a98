import Glibc

/// What the operating system says about this process.
enum Measure {
  /// Monotonic nanoseconds.
  static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// User and system nanoseconds.
  static func cpu() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return cpu(of: usage)
  }

  /// User and system nanoseconds.
  static func cpu(of usage: rusage) -> Double {
    let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
    let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
    return Double(seconds) * 1e9 + Double(microseconds) * 1e3
  }

  /// Resident bytes.
  static func resident() -> Double {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var pages: (size: Int, resident: Int) = (0, 0)
    let read = withUnsafeMutablePointer(to: &pages.size) { size in
      withUnsafeMutablePointer(to: &pages.resident) { resident in
        withVaList([size, resident]) { vfscanf(file, "%ld %ld", $0) }
      }
    }
    return read == 2 ? Double(pages.resident * sysconf(Int32(_SC_PAGESIZE))) : 0
  }

  /// The most bytes that were resident at once.
  static func peak() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) * 1024
  }

  static func sleep(_ seconds: Double) {
    if seconds > 0 { usleep(UInt32(seconds * 1e6)) }
  }

  /// Median, 99th percentile and maximum of nanoseconds, in microseconds.
  static func percentiles(_ values: [Int64]) -> [String: Double] {
    let sorted = values.sorted()
    guard let last = sorted.last else { return [:] }
    return [
      "p50_us": Double(sorted[sorted.count / 2]) / 1e3,
      "p99_us": Double(sorted[sorted.count * 99 / 100]) / 1e3,
      "max_us": Double(last) / 1e3,
    ]
  }

  /// The middle one of some numbers; the mean of two.
  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// SplitMix64 of a number, so that every implementation draws the same delays.
  static func random(_ number: Int) -> UInt64 {
    var mixed = (UInt64(number) &+ 1) &* 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
