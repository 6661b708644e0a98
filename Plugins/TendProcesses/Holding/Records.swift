internal import Tend

/// What is written down of all that runs, so that another holder can find it again.
///
/// One file, to which each change is appended as a line: what an instance is, or that there is none
/// any more. The last line of an instance counts. Whoever is killed leaves whole lines, since each
/// is one write; after a power cut anything may be there, and nothing runs.
final class Records {
  private struct Line: Codable {
    var id: String
    var serial: UInt32
    /// Nil: it has ended.
    var record: InstanceRecord?
  }

  static let name = "holder.records"
  /// Lines that count for nothing, until the file is written anew.
  private static let patience = 1024

  private let folder: Folder
  private var file: Descriptor?
  private var lines = 0
  private var live = 0
  /// So many lines must there have been before it is tried again to write all anew.
  private var retry = 0
  /// Why not everything is written down; nil: it is.
  private(set) var problem: String?

  init(in folder: Folder) { self.folder = folder }

  /// Whether most of the file counts for nothing, or some of it is missing.
  var isOutdated: Bool { file == nil ? lines >= retry : lines > 2 * live + Self.patience }

  /// Writes an instance down; `isNew` where nothing was written of it so far.
  func write(_ record: InstanceRecord, isNew: Bool) {
    if isNew { live += 1 }
    append(Line(id: record.id, serial: record.serial, record: record))
  }

  /// Writes down that there is none any more.
  func remove(_ id: String, _ serial: UInt32) {
    live -= 1
    append(Line(id: id, serial: serial))
  }

  private func append(_ line: Line) {
    lines += 1
    guard let file else { return }
    do throws(SystemError) {
      let bytes = try Self.bytes(line)
      if try file.writeSome(bytes) < bytes.count { throw SystemError(code: SystemError.noSpace) }
    } catch {
      // What can't be written is missed by another holder only; it is tried again with the rest.
      (self.file, problem) = (nil, error.text)
    }
  }

  /// Writes all anew, in place of what is there.
  func rewrite(_ all: [InstanceRecord]) {
    let new = Self.name + ".new"
    folder.remove(new)
    live = all.count
    do throws(SystemError) {
      let file = try folder.open(new, OpenFlags.appending)
      var bytes: [UInt8] = []
      for record in all {
        bytes += try Self.bytes(Line(id: record.id, serial: record.serial, record: record))
      }
      try file.write(bytes)
      try folder.rename(new, to: Self.name)
      (self.file, lines, retry, problem) = (file, all.count, 0, nil)
    } catch {
      // A full disk: not with every change.
      (file, retry, problem) = (nil, lines + 64, error.text)
    }
  }

  private static func bytes(_ line: Line) throws(SystemError) -> [UInt8] {
    guard let value = try? ValueEncoder().encode(line) else {
      throw SystemError(code: SystemError.invalid)
    }
    return Array(value.json.utf8) + [UInt8(ascii: "\n")]
  }

  // MARK: Reading

  /// What was written down last of each instance of this boot, in the order of ids.
  static func read(from folder: Folder) -> [InstanceRecord] {
    guard let bytes = try? folder.contents(name, limit: 256 << 20) else { return [] }
    var found: [Key: InstanceRecord] = [:]
    for text in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let value = try? Value(json: String(decoding: text, as: UTF8.self)),
        let line = try? ValueDecoder().decode(Line.self, from: value)
      else { continue }
      found[Key(id: line.id, serial: line.serial)] = line.record
    }
    return found.values.filter { $0.identity.boot == ProcessIdentity.boot }
      .sorted { ($0.id, $0.serial) < ($1.id, $1.serial) }
  }

  private struct Key: Hashable {
    var id: String
    var serial: UInt32
  }
}
