import Foundation
import Subprocess
import TestSupport

/// Runs a body while another process holds the lock of a file.
func whileLocked(
  _ path: String, shared: Bool = false, _ body: () async throws -> Void
) async throws {
  _ = try await Subprocess.run(
    .name("flock"),
    arguments: [shared ? "--shared" : "--exclusive", path, "sh", "-c", "echo held; cat"],
    input: .inputWriter, output: .sequence, error: .discarded
  ) { execution in
    for try await _ in execution.standardOutput { break }
    try await body()
    try await execution.standardInputWriter.finish()
  }
}

/// Kills the gits that this process started to fetch into a folder of mirrors.
func killGit(working mirrors: String) {
  for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
    guard let pid = Int32(name),
      let line = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8),
      let state = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      line.contains(mirrors), line.contains("fetch"),
      state.split(separator: " ").dropFirst(3).first == "\(getpid())"
    else { continue }
    kill(pid, SIGKILL)
  }
}

/// A variable of this process's environment.
func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
