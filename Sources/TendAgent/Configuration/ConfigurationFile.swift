private import Glibc
import Tend
import TendManifest

/// The file that says what an agent follows: `tend agent --config FILE`.
///
/// It is read as a whole and checked as a whole. What can't be read, or has a mistake anywhere,
/// gives no configuration at all: nothing that narrows an agent is ever left out by accident.
public struct ConfigurationFile: Sendable {
  /// Where it lies, as it was given; errors name it.
  public let path: String

  private static let largest = 4 << 20

  /// Names the file; nothing is read yet.
  public init(_ path: String) { self.path = path }

  /// The configuration; throws all that is wrong with it, each mistake with its line.
  ///
  /// `state` comes before what the file says of the state directory.
  public func read(state: StateDirectory? = nil) throws(Failure) -> AgentConfiguration {
    let (bytes, stamp) = try bytes()
    return try configuration(bytes, stamp, state: state)
  }

  /// The same of a text that is at hand.
  func configuration(
    _ bytes: [UInt8], _ stamp: FileStamp? = nil, state: StateDirectory? = nil
  ) throws(Failure) -> AgentConfiguration {
    let parsed = DocumentParser().parse(bytes, file: path)
    guard parsed.diagnostics.isEmpty else { throw Failure(parsed.diagnostics) }
    guard let document = parsed.documents.first else {
      throw Failure(
        "Configuration", "\(path) is empty",
        remedy: "`tend explain agent` documents what stands there")
    }
    var reading = ConfigurationReading(document, more: parsed.documents.dropFirst())
    let read = reading.configuration(state: state)
    guard var configuration = read, reading.diagnostics.isEmpty else {
      throw Failure(Diagnostics(reading.diagnostics))
    }
    configuration.source = AgentConfiguration.Source(
      file: self, stamp: stamp, lasting: reading.lasting)
    return configuration
  }

  /// All bytes of the file, which nobody but its owner's group and root may have written.
  private func bytes() throws(Failure) -> (bytes: [UInt8], FileStamp?) {
    let file = Descriptor(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
    guard file.raw >= 0 else { throw unreadable(errno) }
    var status = stat()
    guard fstat(file.raw, &status) == 0 else { throw unreadable(errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Failure("Configuration", "\(path) is no regular file", remedy: "name a file")
    }
    guard status.st_mode & S_IWOTH == 0, status.st_uid == 0 || status.st_uid == geteuid() else {
      throw Failure(
        "Configuration", "\(path) could be changed by others, who would decide what the agent does",
        remedy: "let root or the agent's user own it, and run chmod o-w \(path)")
    }
    return (try contents(of: file), FileStamp(of: file.raw))
  }

  private func contents(of file: Descriptor) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(file.raw, &chunk, chunk.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw unreadable(errno)
      }
      bytes += chunk.prefix(count)
      guard bytes.count <= Self.largest else {
        throw Failure(
          "Configuration", "\(path) has more than \(Self.largest) bytes",
          remedy: "see that this is the file you mean")
      }
    }
  }

  private func unreadable(_ error: Int32) -> Failure {
    Failure(
      "Configuration", "the configuration \(path) can't be read: \(errnoText(error))",
      remedy: "the agent does not run without it")
  }
}
