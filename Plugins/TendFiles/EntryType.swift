/// What sort of thing a directory entry is.
enum EntryType: UInt8, Sendable {
  case file = 1
  case directory = 2
  case link = 3
  case pipe = 4
  case socket = 5
  case blockDevice = 6
  case characterDevice = 7
  case unknown = 8

  /// By the type bits of `st_mode`; see inode(7).
  init(mode: UInt32) {
    switch mode & 0o170000 {
    case 0o100000: self = .file
    case 0o040000: self = .directory
    case 0o120000: self = .link
    case 0o010000: self = .pipe
    case 0o140000: self = .socket
    case 0o060000: self = .blockDevice
    case 0o020000: self = .characterDevice
    default: self = .unknown
    }
  }

  /// The kind that declares it; nil for what can't be declared.
  var kind: String? {
    switch self {
    case .file: "File"
    case .directory: "Directory"
    case .link: "Symlink"
    default: nil
    }
  }

  /// In words, for messages.
  var inWords: String {
    switch self {
    case .file: "a file"
    case .directory: "a directory"
    case .link: "a symbolic link"
    case .pipe: "a named pipe (FIFO)"
    case .socket: "a socket"
    case .blockDevice: "a block device"
    case .characterDevice: "a character device"
    case .unknown: "of an unknown type"
    }
  }
}
