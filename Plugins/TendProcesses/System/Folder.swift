private import CTendProcesses

/// A directory that is held open; everything in it is reached from here.
final class Folder: Sendable {
  private let descriptor: Descriptor

  var raw: Int32 { descriptor.raw }

  /// Opens a directory that is there.
  init(at path: String) throws(SystemError) {
    descriptor = try Descriptor(tend_open_place(path))
  }

  private init(_ descriptor: Descriptor) { self.descriptor = descriptor }

  /// A directory in this one; made, for its owner alone, where it is missing and that is asked for.
  func folder(_ name: String, making: Bool = false) throws(SystemError) -> Folder {
    if making {
      let result = tend_make_folder(raw, name, 0o700)
      if result != -SystemError.exists { try check(result) }
    }
    return Folder(try open(name, OpenFlags.folder))
  }

  func open(
    _ name: String, _ flags: Int32, mode: UInt32 = 0o600
  ) throws(SystemError) -> Descriptor {
    try Descriptor(tend_open_file(raw, name, flags, mode))
  }

  /// The bytes of a file, at most as many; nil where there is none.
  func contents(_ name: String, limit: Int = 1 << 20) throws(SystemError) -> [UInt8]? {
    do throws(SystemError) {
      let file = try open(name, OpenFlags.reading)
      var bytes: [UInt8] = []
      while bytes.count < limit {
        let more = try file.read(upTo: min(64 << 10, limit - bytes.count))
        if more.isEmpty { break }
        bytes += more
      }
      return bytes
    } catch {
      if error.code == SystemError.missing { return nil }
      throw error
    }
  }

  func rename(_ name: String, to other: String) throws(SystemError) {
    try check(tend_rename_file(raw, name, other))
  }

  /// Removes a file; nothing where there is none.
  func remove(_ name: String) { _ = tend_remove_file(raw, name) }

  /// Removes a directory that is empty; whether it is gone.
  @discardableResult
  func removeFolder(_ name: String) -> Bool {
    let result = tend_remove_folder(raw, name)
    return result == 0 || result == -SystemError.missing
  }

  /// The names in it, sorted.
  var names: [String] {
    final class Names { var all: [String] = [] }
    let names = Names()
    _ = tend_list_folder(raw, Unmanaged.passUnretained(names).toOpaque()) { context, name in
      if let context, let name {
        Unmanaged<Names>.fromOpaque(context).takeUnretainedValue().all.append(String(cString: name))
      }
      return 0
    }
    return names.all.sorted()
  }
}

/// How the flags of open(2) are named here.
enum OpenFlags {
  static let reading: Int32 = 0
  /// What exists, for writing.
  static let writing: Int32 = 0o1
  /// Made where it is missing.
  static let making: Int32 = 0o100
  /// For writing at the end, made where it is missing; never waits.
  static let appending: Int32 = 0o1 | 0o100 | 0o2000 | 0o4000
  static let folder: Int32 = 0o200000
}
