import Foundation

/// A process that prints `name=value` pairs on a line.
enum Program {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs it and reads its pairs; what goes to standard error passes through.
  static func figures(_ path: String, _ arguments: [String]) throws -> [String: Double] {
    var figures: [String: Double] = [:]
    for pair in try output(path, arguments).split(whereSeparator: \.isWhitespace) {
      let parts = pair.split(separator: "=", maxSplits: 1)
      if parts.count == 2, let value = Double(parts[1]) { figures[String(parts[0])] = value }
    }
    return figures
  }

  /// Compiles a peer once a run and answers the path of its executable.
  static func build(_ peer: Benchmark.Peer, in folder: String, peers: String) throws -> String {
    let path = "\(folder)/\(peer.source.prefix { $0 != "." })"
    let arguments =
      ["cc", "-O2", "-Wall", "-pthread", "-o", path, "\(peers)/\(peer.source)"]
      + peer.libraries.map { "-l\($0)" }
    _ = try output("/usr/bin/env", arguments)
    return path
  }

  /// Whether a program is found in `PATH`, or where its path says.
  static func isInstalled(_ program: String) -> Bool {
    if program.hasPrefix("/") { return access(program, X_OK) == 0 }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.contains { access("\($0)/\(program)", X_OK) == 0 }
  }

  static func output(_ path: String, _ arguments: [String]) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let command = ([path] + arguments).joined(separator: " ")
      throw Failure(description: "\(command): exit status \(process.terminationStatus)")
    }
    return String(decoding: data, as: UTF8.self)
  }
}
