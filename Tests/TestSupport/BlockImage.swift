internal import Foundation
internal import Glibc
internal import Testing

/// A file system of its own in a file, which can lose its power.
public struct BlockImage: Sendable {
  /// The file.
  public let path: String
  /// The folder where it is mounted.
  public let folder: String

  /// Whether images can be mounted here: that takes root, loop devices and the programs for ext4.
  public static func isPermitted() async -> Bool {
    guard geteuid() == 0, isInstalled("mkfs.ext4"), let folder = try? TemporaryFolder("image"),
      (try? folder.makeFolder("disk")) != nil
    else { return false }
    let image = BlockImage(path: folder.path("image"), folder: folder.path("disk"))
    do {
      try await image.format()
      try await image.mount()
      try await image.unmount()
      return true
    } catch { return false }
  }

  /// Names the file and the folder; neither is touched.
  public init(path: String, folder: String) {
    self.path = path
    self.folder = folder
  }

  /// Makes an empty ext4.
  public func format() async throws {
    try? FileManager.default.removeItem(atPath: path)
    try await run("truncate", ["-s", "48M", path])
    try await run("mkfs.ext4", ["-q", "-F", "-E", "lazy_itable_init=0", path])
  }

  /// Mounts it; its journal is not written from time to time, but when somebody asks for that.
  public func mount() async throws {
    try await run("mount", ["-o", "loop,commit=900", path, folder])
  }

  /// Unmounts it, with everything written.
  public func unmount() async throws {
    try await eventually("\(folder) is unmounted") {
      (try? await run("umount", [folder])) != nil
    }
  }

  /// Lets all that was written so far reach the image.
  public func flush() async throws { try await run("sync", ["-f", folder]) }

  /// Gives what the image would hold had the power been cut: whatever was not synced stays out,
  /// but for the content of those files below the folder that `written` chooses, which the kernel
  /// may have written by itself.
  public func cutPower(
    into copy: String, written: (String) -> Bool
  ) async throws -> BlockImage {
    for file in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    where written(file) { Self.writeContent(of: "\(folder)/\(file)") }
    let device = try await run("findmnt", ["-n", "-o", "SOURCE", folder])
    let statistics = device.replacing("/dev/", with: "/sys/block/") + "/stat"
    try await eventually("nothing is written while it is copied") {
      let before = try Self.writes(statistics)
      try await run("cp", ["--sparse=always", path, copy])
      return try before.inFlight == 0 && Self.writes(statistics) == before
    }
    return BlockImage(path: copy, folder: folder)
  }

  /// How many writes the device has done, and how many are under way.
  private static func writes(_ path: String) throws -> (count: Int, sectors: Int, inFlight: Int) {
    let words = try String(contentsOfFile: path, encoding: .utf8).split(separator: " ")
    let numbers = words.compactMap { Int($0.filter(\.isNumber)) }
    guard numbers.count > 8 else { throw ProgramFailed(description: "no statistics in \(path)") }
    return (numbers[4], numbers[6], numbers[8])
  }

  /// Lets the kernel write pages and nothing else: neither names nor sizes are made durable.
  private static func writeContent(of file: String) {
    let descriptor = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    close(descriptor)
  }
}
