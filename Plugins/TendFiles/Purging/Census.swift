private import CTendFiles
internal import Tend

/// Finds what is in a directory that nobody declares.
///
/// It follows no link and crosses no mount. What is declared, what holds something that is, and
/// what is just being made ready are no strangers; nor is what no backup can keep, devices, pipes
/// and sockets, nor what no plan can name, since its name is no text; nor are the directories that
/// hold such things.
struct Census {
  /// The most strangers of one directory; with more, a person is to look first.
  static let most = 2_000
  /// How deep it looks.
  private static let deepest = 64

  private let spec: EntrySpec
  private let directory: HeldDirectory
  private let names: TemporaryNames

  init(_ spec: EntrySpec, _ directory: HeldDirectory, _ names: TemporaryNames) {
    self.spec = spec
    self.directory = directory
    self.names = names
  }

  /// All of them, by name; what holds others before these.
  func strangers() throws(ProviderError) -> [Stranger] {
    var found: [Stranger] = []
    do {
      _ = try look(into: "", depth: 0, &found)
    } catch {
      throw ProviderError(error, "look for what is not declared in", spec.id.description)
    }
    guard found.count <= Self.most else {
      throw .permanent(
        "\(spec.id) holds more than \(Self.most) entries that nobody declares",
        remedy: "look at them, and remove them by hand or declare purge: false", field: "purge")
    }
    return found
  }

  /// Whether all in it are strangers, so that it may go too.
  private func look(
    into path: String, depth: Int, _ found: inout [Stranger]
  ) throws(SystemError) -> Bool {
    guard depth < Self.deepest else { return false }
    let opened = try Descriptor(
      (path.isEmpty ? "." : path).withCString {
        tend_walk_below(directory.descriptor.raw, $0)
      })
    var mayGo = true
    for name in try opened.names().sorted() where found.count <= Self.most {
      let path = path.isEmpty ? name : "\(path)/\(name)"
      // By another name than its own, where that is not UTF-8, or gone meanwhile.
      guard let status = try Status.ifPresent(name, in: opened.raw) else {
        mayGo = false
        continue
      }
      guard isStranger(name, path, status) else {
        mayGo = false
        continue
      }
      if status.type == .directory {
        let place = found.count
        if try look(into: path, depth: depth + 1, &found), !holdsDeclared(path) {
          found.insert(Stranger(path: path, status: status), at: place)
        } else {
          mayGo = false
        }
      } else {
        found.append(Stranger(path: path, status: status))
      }
    }
    return mayGo
  }

  private func isStranger(_ name: String, _ path: String, _ status: Status) -> Bool {
    guard status.type.kind != nil, !status.isMountPoint, status.device == directory.device,
      !names.isTemporary(name), let full = EntryPath("\(spec.id)/\(path)")
    else { return false }
    return spec.siblings?.declares(full) != true
  }

  /// Whether something is declared in a directory, be it there already or not.
  private func holdsDeclared(_ path: String) -> Bool {
    guard let full = EntryPath("\(spec.id)/\(path)") else { return true }
    return spec.siblings?.declaresBelow(full) == true
  }
}
