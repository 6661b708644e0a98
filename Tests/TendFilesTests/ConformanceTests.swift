import Foundation
import Tend
import TendFiles
import TendTesting
import Testing

/// A folder as a world of trials; its name is in every path, and in no line of its contents.
private final class Folder: TrialWorld {
  let path: String

  init() throws {
    var template = Array("/tmp/tend-trial-XXXXXX".utf8CString)
    path = try #require(mkdtemp(&template).map { String(cString: $0) })
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var samples: [String] {
    [
      sample(content: "one", mode: "0644", target: "plain", folder: "0755"),
      sample(content: "two, and longer", mode: "0600", target: "secret", folder: "0700"),
      sample(content: "", mode: "0600", target: "/etc/hostname", folder: "0700"),
    ]
  }

  private func sample(content: String, mode: String, target: String, folder: String) -> String {
    """
    apiVersion: files/v1
    kind: File
    metadata: {name: plain}
    spec: {path: \(path)/plain, content: "\(content)", mode: "\(mode)"}
    ---
    apiVersion: files/v1
    kind: File
    metadata: {name: secret}
    spec: {path: \(path)/secret, content: "canary \(content)", mode: "\(mode)", sensitive: true}
    ---
    apiVersion: files/v1
    kind: Symlink
    metadata: {name: link}
    spec: {path: \(path)/link, target: \(target)}
    ---
    apiVersion: files/v1
    kind: Directory
    metadata: {name: folder}
    spec: {path: \(path)/folder, mode: "\(folder)"}

    """
  }

  func contents() async throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: path).sorted().map { name in
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
      let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
      let type = attributes[.type] as? FileAttributeType
      let content =
        switch type {
        case .typeRegular: try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
        case .typeSymbolicLink:
          try FileManager.default.destinationOfSymbolicLink(atPath: "\(path)/\(name)")
        default: "a folder"
        }
      return "\(name) \(String(mode, radix: 8)) \(content)"
    }
  }
}

struct ConformanceTests {
  @Test("the file provider keeps the laws of providers")
  func laws() async throws {
    var settings = Conformance.Settings()
    settings.secrets = ["canary"]
    settings.alternatives = ["content"]
    settings.epoch = Timestamp(nanoseconds: Int64(Date.now.timeIntervalSince1970 * 1e9))
    let report = try await conform(
      settings, world: { try Folder() }, provider: { _, _ in FileProvider() })
    #expect(report.histories > 200)
  }
}
