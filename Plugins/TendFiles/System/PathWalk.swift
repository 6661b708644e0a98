internal import CTendFiles

/// Finds a directory, following only links that nobody else could have made.
///
/// A link on the way is followed if it and every directory up to it belong to root or to the
/// agent's user, and nobody else can write there. All others are refused: who can place a link
/// could lead the agent, and its rights, wherever they like. From a directory once opened nothing
/// leads astray any more, whatever is renamed meanwhile.
struct PathWalk: Sendable {
  /// The directory to which absolute paths and `..` lead; nil for that of the process.
  let root: String?
  private let user = tend_effective_user()

  /// The most links on one way, as in the kernel; see path_resolution(7).
  static let mostLinks = 40

  /// Walks below `root`, or below the root directory.
  init(root: String?) {
    self.root = root
  }

  /// Where a walk ended.
  struct Arrival: ~Copyable {
    let directory: Descriptor
    /// The path at which it really lies; nil where no link was followed.
    let realPath: String?

    /// The same as it is known from above the root of a unit.
    consuming func below(_ root: String) -> Arrival {
      let path = realPath.map { "\(root)/\($0)" }
      return Arrival(directory: directory, realPath: path)
    }
  }

  /// The directory at an absolute, normalised path, "" for the root directory.
  ///
  /// Of a path `ROOT//PATH` what comes after the root is walked below it.
  /// One system call where there is no link on the way, as nearly always.
  func directory(at path: String) throws(WalkError) -> Arrival {
    if let rooted = RootedPath(path) {
      let walk = PathWalk(root: (root ?? "") + rooted.root)
      do {
        return try walk.directory(at: rooted.path).below(rooted.root)
      } catch .failed(let error, at: walk.root) where error.code == ErrorCode.missing {
        throw .missing
      }
    }
    if root == nil {
      // Absolute: the kernel asks for no directory to begin in.
      if let arrival = try straight(to: path.isEmpty ? "/" : path, from: -1) { return arrival }
      return try walk(from: base(), to: path)
    }
    let base = try base()
    let relative = path.isEmpty ? "." : String(path.dropFirst())
    if let arrival = try straight(to: relative, from: base.raw) { return arrival }
    return try walk(from: base, to: path)
  }

  /// Nil where there is a link on the way, or something else to be told in detail.
  private func straight(to path: String, from base: Int32) throws(WalkError) -> Arrival? {
    do {
      let opened = path.withCString { tend_walk_without_links(base, $0, root == nil ? 0 : 1) }
      return Arrival(directory: try Descriptor(opened), realPath: nil)
    } catch {
      if error.code == ErrorCode.missing { throw .missing }
      return nil
    }
  }

  private func walk(from base: consuming Descriptor, to path: String) throws(WalkError) -> Arrival {
    var steps = Steps(user: user)
    return try steps.walk(from: base, to: path)
  }

  private func base() throws(WalkError) -> Descriptor {
    let path = root ?? "/"
    do {
      return try Descriptor(path.withCString { tend_open_base($0) })
    } catch {
      throw .failed(error, at: path)
    }
  }
}

/// Why a walk did not arrive.
enum WalkError: Error {
  /// A directory on the way does not exist.
  case missing
  /// What stands at this path is no directory.
  case notDirectory(String, EntryType)
  /// The link at this path belongs to this user, or somebody else can write next to it.
  case untrusted(String, owner: UInt32)
  /// Links lead in a circle, or on for too long.
  case tooManyLinks(String)
  /// A system call failed for the path.
  case failed(SystemError, at: String)
}

/// A walk name by name, for ways with links.
private struct Steps {
  /// What was opened on the way, without following it.
  private final class Step {
    let entry: Descriptor
    let status: Status
    let path: String

    init(_ entry: consuming Descriptor, _ path: String) throws(SystemError) {
      status = try entry.status()
      self.entry = entry
      self.path = path
    }
  }

  private let user: UInt32
  /// From the top down; what `..` goes back along.
  private var stack: [(step: Step, isTrusted: Bool)] = []
  /// The names still to come, the next one last.
  private var pending: [String] = []
  private var links = 0

  init(user: UInt32) {
    self.user = user
  }

  /// The top is trusted: it is the root directory, or was configured.
  mutating func walk(
    from base: consuming Descriptor, to path: String
  ) throws(WalkError) -> PathWalk.Arrival {
    let top: Step
    do {
      top = try Step(base, "")
    } catch {
      throw .failed(error, at: path)
    }
    stack = [(top, true)]
    pending = names(of: path)
    while let name = pending.popLast(), let last = stack.last {
      switch name {
      case ".": continue
      case "..": if stack.count > 1 { stack.removeLast() }
      default: try enter(try open(name, in: last.step), isTrusted: last.isTrusted, top: top)
      }
    }
    guard let last = stack.last else { throw .missing }
    do {
      let opened = ".".withCString { tend_open(last.step.entry.raw, $0, OpenFlags.place, 0) }
      return PathWalk.Arrival(directory: try Descriptor(opened), realPath: last.step.path)
    } catch {
      throw .failed(error, at: path)
    }
  }

  private func names(of path: String) -> [String] {
    path.utf8.split(separator: UInt8(ascii: "/")).reversed().map { String(Substring($0)) }
  }

  private func open(_ name: String, in directory: Step) throws(WalkError) -> Step {
    let path = "\(directory.path)/\(name)"
    do {
      let opened = name.withCString { tend_open(directory.entry.raw, $0, OpenFlags.place, 0) }
      return try Step(try Descriptor(opened), path)
    } catch {
      if error.code == ErrorCode.missing { throw .missing }
      throw .failed(error, at: path)
    }
  }

  private mutating func enter(_ step: Step, isTrusted: Bool, top: Step) throws(WalkError) {
    let status = step.status
    let isOurs = status.user == 0 || status.user == user
    switch status.type {
    case .directory:
      stack.append((step, isTrusted && isOurs && !status.permissions.areWritableByOthers))
    case .link:
      guard isTrusted, isOurs else { throw .untrusted(step.path, owner: status.user) }
      links += 1
      guard links <= PathWalk.mostLinks else { throw .tooManyLinks(step.path) }
      let target = try read(step)
      if target.utf8.first == UInt8(ascii: "/") { stack = [(top, true)] }
      pending += names(of: target)
    default: throw .notDirectory(step.path, status.type)
    }
  }

  private func read(_ link: Step) throws(WalkError) -> String {
    do {
      return try link.entry.readLink()
    } catch {
      throw .failed(error, at: link.path)
    }
  }
}
