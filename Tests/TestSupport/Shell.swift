internal import Foundation
public import Subprocess
internal import SystemPackage

/// A program that failed in a test's own preparation.
public struct ProgramFailed: Error, CustomStringConvertible {
  /// The command and what it printed.
  public let description: String

  /// Says what failed.
  public init(description: String) { self.description = description }
}

/// Runs a program to its end and gives its standard output without the last line's end.
///
/// Throws where its status is not zero.
@discardableResult
public func run(
  _ program: String, _ arguments: [String], in folder: String = "/",
  environment: [Environment.Key: String?] = [:], input: String = ""
) async throws -> String {
  let result = try await Subprocess.run(
    .name(program), arguments: Arguments(arguments),
    environment: .inherit.updating(environment), workingDirectory: FilePath(folder),
    input: .string(input), output: .string(limit: 64 << 20), error: .string(limit: 1 << 20))
  guard result.terminationStatus.isSuccess else {
    throw ProgramFailed(
      description: "\(program) \(arguments.joined(separator: " ")): \(result.terminationStatus)\n"
        + result.standardOutput + result.standardError)
  }
  return String(result.standardOutput.trimmingSuffix { $0.isNewline })
}

/// Whether a program is on this machine, for condition traits.
public func isInstalled(_ program: String) -> Bool {
  let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
  let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"]
  return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
}

extension String {
  fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
    var text = self[...]
    while let last = text.last, predicate(last) { text.removeLast() }
    return text
  }
}
