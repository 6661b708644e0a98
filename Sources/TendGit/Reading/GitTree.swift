internal import Tend

/// The files of one commit below the unit's path, out of the object store.
///
/// There is no checkout: a link in the repository is a name and leads nowhere.
struct GitTree: SourceTree {
  let listing: TreeListing
  let blobs: BlobReader
  let limit: Int

  func file(at path: String) throws(SourceFileError) -> SourceFile {
    guard let item = listing.items[path] else { throw missing(path) }
    switch item.kind {
    case .link:
      throw SourceFileError(
        "\(path) is a symbolic link; links in a repository are not followed",
        remedy: "name the file itself, or commit the content in its place")
    case .submodule: throw Self.submodule(path)
    case .directory, .file: break
    }
    guard let blob = listing.blobs[item.id] else { throw missing(path) }
    guard blob.size <= limit else {
      throw SourceFileError(
        "\(path) has \(blob.size) bytes, more than the \(limit) of a source file",
        remedy: "keep large files elsewhere")
    }
    guard !blob.isPointer else { throw LFSPointer.refusal(path) }
    return SourceFile(
      path: path, digest: .gitBlob(item.id.description), size: blob.size
    ) { [blobs] () throws(ProviderError) in
      try await blobs.read(item.id)
    }
  }

  /// Says what is in the way where something is.
  private func missing(_ path: String) -> SourceFileError {
    if listing.directories.contains(path) {
      return SourceFileError("\(path) is a directory", remedy: "name a file in it")
    }
    var folder = path[...]
    while let slash = folder.lastIndex(of: "/") {
      folder = folder[..<slash]
      switch listing.items[String(folder)]?.kind {
      case .link:
        return SourceFileError(
          "\(path) leads through the symbolic link \(folder); links are not followed",
          remedy: "name the file where it lies")
      case .submodule: return Self.submodule(String(folder))
      case .file, .directory, nil: continue
      }
    }
    return SourceFileError(
      "there is no file \(path)", remedy: "commit it, or correct the path; case counts")
  }

  private static func submodule(_ path: String) -> SourceFileError {
    SourceFileError(
      "\(path) is a submodule, and submodules are not fetched",
      remedy: "commit the files themselves")
  }
}
