import Foundation

/// The files of the figures about files, as `files.c` makes them, and manifests that declare them.
struct Files {
  static let perDirectory = 100

  /// Everything lies below it; removed with the folder of the whole run.
  let folder: String
  let count: Int
  /// Of 64 bytes each.
  let lines: Int

  /// Where the files are to be.
  var target: String { "\(folder)/files" }
  /// The manifests, one for each directory.
  var manifests: String { "\(folder)/manifests" }
  var state: String { "\(folder)/state" }

  /// Writes manifests for 10,000 files at full size.
  init(_ percent: Double) throws {
    try self.init(count: max(Self.perDirectory, Int(percent * 100)), lines: 16)
  }

  /// Writes manifests for so many files.
  ///
  /// A tree may have 64 MiB of manifests: 100,000 files are of four lines.
  init(count: Int, lines: Int, named name: String = "tend") throws {
    self.count = count
    self.lines = lines
    folder = FileManager.default.temporaryDirectory.path() + "\(name)-\(getpid())"
    for path in [manifests, target] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    for number in 0..<directories { try writeManifest(number) }
  }

  var directories: Int { (count + Self.perDirectory - 1) / Self.perDirectory }

  private func files(of directory: Int) -> Range<Int> {
    let first = directory * Self.perDirectory
    return first..<min(count, first + Self.perDirectory)
  }

  /// The path of a file.
  func path(_ file: Int) -> String {
    "\(path(ofDirectory: file / Self.perDirectory))/f\(Self.digits(file, 8))"
  }

  private func path(ofDirectory number: Int) -> String {
    "\(target)/d\(Self.digits(number, 5))"
  }

  /// Declares a directory and its files; `changed` has a last line of its own.
  func writeManifest(_ directory: Int, changed: (file: Int, line: String)? = nil) throws {
    var text = """
      apiVersion: files/v1
      kind: Directory
      metadata: {name: d\(Self.digits(directory, 5))}
      spec: {path: \(path(ofDirectory: directory)), mode: "0755"}

      """
    for file in files(of: directory) {
      text += """
        ---
        apiVersion: files/v1
        kind: File
        metadata: {name: f\(Self.digits(file, 8))}
        spec:
          path: \(path(file))
          mode: "0640"
          content: |

        """
      for line in 0..<lines { text += "    \(self.line(file, line))\n" }
      if let changed, changed.file == file { text += "    \(changed.line)\n" }
    }
    try Data(text.utf8).write(
      to: URL(fileURLWithPath: "\(manifests)/d\(Self.digits(directory, 5)).yaml"))
  }

  private func line(_ file: Int, _ line: Int) -> String {
    let words = (0..<4).map { word in
      let hex = String(Measure.random((file * lines + line) * 4 + word), radix: 16)
      return String(repeating: "0", count: 16 - hex.count) + hex
    }
    return "\(Self.digits(file, 8)) \(Self.digits(line, 2)) \(words.joined().prefix(51))"
  }

  private static func digits(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  /// Changes 1 %, deletes 1 %, and gives 1 % a wrong mode.
  func drift() throws {
    for file in 0..<count {
      let path = path(file)
      switch file % 100 {
      case 7:
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("x\n".utf8))
        try handle.close()
      case 31: try FileManager.default.removeItem(atPath: path)
      case 63: chmod(path, 0o600)
      default: break
      }
    }
  }

  /// Throws unless every file is as it is declared.
  func check() throws {
    for file in 0..<count {
      let text = (0..<lines).map { line(file, $0) + "\n" }.joined()
      var status = stat()
      let path = path(file)
      guard FileManager.default.contents(atPath: path) == Data(text.utf8),
        stat(path, &status) == 0, status.st_mode & 0o7777 == 0o640
      else { throw Program.Failure(description: "\(path) is not as declared") }
    }
  }
}
