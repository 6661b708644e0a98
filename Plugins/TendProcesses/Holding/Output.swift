private import CTendProcesses
internal import Tend

/// What the processes of one replica print: a named pipe, and the files that it goes to.
///
/// Both streams share the pipe, so that their lines stay in order. It has a name, so that another
/// holder can go on reading where one has died; meanwhile it takes 64 KiB.
final class Output {
  let pipe: Descriptor
  /// Where all pipes are, and the name of this one.
  private var place: (pipes: Folder, name: String)
  private let logs: Folder
  /// Where its files go, below the folder of all logs; made when there is something to keep.
  private var path: [String]
  private var madeFolder: Folder?
  private var limits: LogLimits
  private var file: Descriptor?
  private var size: Int64 = 0
  /// The beginning of a line whose end has not come.
  private var rest: [UInt8] = []
  /// Lines that could not be written.
  private var lost = 0

  /// A line that is longer is cut.
  static let longestLine = 16 << 10
  /// Before lines that nobody printed.
  private static let noteMark = Array("tend: ".utf8)

  init(
    _ path: [String], in logs: Folder, through name: String, in pipes: Folder,
    _ limits: LogLimits, account: Account?
  ) throws(SystemError) {
    self.path = path
    self.logs = logs
    self.limits = limits
    place = (pipes, name)
    pipe = try Descriptor(tend_make_pipe(pipes.raw, name, account.map { Int64($0.user) } ?? -1))
  }

  /// The end for a new process.
  func openForProcess() throws(SystemError) -> Descriptor {
    try Descriptor(tend_open_pipe(place.pipes.raw, place.name))
  }

  /// Both have got other names.
  func moved(to path: [String], through name: String) {
    self.path = path
    try? place.pipes.rename(place.name, to: name)
    place.name = name
  }

  private func folder() throws(SystemError) -> Folder {
    if let madeFolder { return madeFolder }
    var folder = logs
    for name in path { folder = try folder.folder(name, making: true) }
    madeFolder = folder
    return folder
  }

  func change(_ limits: LogLimits) { self.limits = limits }

  /// Takes in what lies in the pipe, at most this much; the whole lines of it, for who looks at
  /// them.
  func drain(at wall: Int64, upTo size: Int = 64 << 10) -> (
    lines: [ArraySlice<UInt8>], isMore: Bool
  ) {
    guard let bytes = try? pipe.read(upTo: size), !bytes.isEmpty else { return ([], false) }
    var all = rest + bytes
    if all.count > Self.longestLine, !all.contains(UInt8(ascii: "\n")) {
      all.append(UInt8(ascii: "\n"))
    }
    guard let end = all.lastIndex(of: UInt8(ascii: "\n")) else {
      rest = all
      return ([], bytes.count == size)
    }
    rest = Array(all[(end + 1)...])
    let lines = all[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    write(lines, at: wall)
    return (lines, bytes.count == size)
  }

  /// A line of the holder's own, such as how a process ended.
  func note(_ text: String, at wall: Int64) {
    if !rest.isEmpty {
      write([rest[...]], at: wall)
      rest = []
    }
    write([(Self.noteMark + Array(text.utf8))[...]], at: wall)
  }

  private func write(_ lines: [ArraySlice<UInt8>], at wall: Int64) {
    let time = Array("\(Timestamp(nanoseconds: wall)) ".utf8)
    let most = Int(clamping: min(limits.maximumSize / 2, 32 << 10))
    var bytes: [UInt8] = []
    var count = 0
    if lost > 0 {
      bytes += time + Self.noteMark
      bytes += Array("\(lost) lines were lost\n".utf8)
    }
    for line in lines {
      // Piece by piece, so that no file grows beyond its limit.
      if bytes.count + line.count > most, count > 0 {
        keep(bytes, count)
        (bytes, count) = ([], 0)
      }
      bytes += time
      bytes += line.prefix(Self.longestLine)
      bytes.append(UInt8(ascii: "\n"))
      count += 1
    }
    keep(bytes, count)
  }

  private func keep(_ bytes: [UInt8], _ count: Int) {
    do throws(SystemError) {
      try append(bytes)
      lost = 0
    } catch {
      // A full disk: what can't be kept is counted, and the process goes on.
      lost += count
      (file, madeFolder) = (nil, nil)
    }
  }

  private func append(_ bytes: [UInt8]) throws(SystemError) {
    let file = try current(for: Int64(bytes.count))
    let written = try file.writeSome(bytes)
    size += Int64(written)
    if written < bytes.count { throw SystemError(code: SystemError.noSpace) }
  }

  /// The file that is written to; another one where it is full or was taken away.
  private func current(for more: Int64) throws(SystemError) -> Descriptor {
    if let file, tend_size(file.raw) >= 0, size + more <= limits.maximumSize { return file }
    file = nil
    var opened = try openCurrent()
    size = tend_size(opened.raw)
    if size > 0, size + more > limits.maximumSize {
      rotate(try folder())
      opened = try openCurrent()
      size = tend_size(opened.raw)
    }
    file = opened
    return opened
  }

  /// In a folder that is made anew where it was taken away.
  private func openCurrent() throws(SystemError) -> Descriptor {
    do throws(SystemError) {
      return try folder().open("current", OpenFlags.appending)
    } catch {
      guard error.code == SystemError.missing else { throw error }
      madeFolder = nil
      return try folder().open("current", OpenFlags.appending)
    }
  }

  private func rotate(_ folder: Folder) {
    for name in folder.names {
      if let number = Int(name), number >= limits.keep { folder.remove(name) }
    }
    guard limits.keep > 0 else { return folder.remove("current") }
    for number in stride(from: limits.keep - 1, through: 1, by: -1) {
      try? folder.rename("\(number)", to: "\(number + 1)")
    }
    try? folder.rename("current", to: "1")
  }

  /// The last lines that were printed, without their times and without our notes, for people who
  /// are told that it does not work.
  func lastLines(_ count: Int) -> [String] {
    guard let opened = try? folder().open("current", OpenFlags.reading) else { return [] }
    let length = 4096
    let offset = max(0, tend_size(opened.raw) - Int64(length))
    let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, filled in
      filled = max(0, tend_read_at(opened.raw, buffer.baseAddress, length, offset))
    }
    let lines = bytes.split(separator: UInt8(ascii: "\n")).dropFirst(offset > 0 ? 1 : 0)
    let printed = lines.map { $0.drop { $0 != UInt8(ascii: " ") }.dropFirst() }
      .filter { !$0.starts(with: Self.noteMark) }
    return printed.suffix(count).map { String(decoding: $0.prefix(200), as: UTF8.self) }
  }

  /// Takes the pipe away, once nobody writes to it any more.
  func end() { place.pipes.remove(place.name) }
}
