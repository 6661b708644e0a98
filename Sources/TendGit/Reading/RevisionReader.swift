internal import Tend
internal import TendEngine
internal import TendManifest

/// Reads one commit out of the mirror: what it declares, and what files lie beside.
struct RevisionReader: Sendable {
  let trees: TreeReader
  let manifests: ManifestReader
  /// Who it is read for.
  let inputs: ValueInputs

  /// What was read of a commit; manifests that the cache has are not loaded.
  struct Result: Sendable {
    let commit: CommitObject
    let listing: TreeListing
    let selection: ManifestSelection
  }

  /// Reads a commit; `before` is the listing of another one, to read only what differs.
  func read(
    _ commit: CommitObject, before: TreeListing?, _ conversation: inout Conversation
  ) async throws -> Result {
    var listing = try await trees.list(commit, before: before, &conversation)
    let fresh = try await measure(&listing, before: before, &conversation)
    let settings = try await settings(listing, &conversation)
    var selection = ManifestSelection(settings, for: inputs)
    try await load(&selection, listing, &conversation)
    try await findPointers(fresh, &listing, &conversation)
    return Result(commit: commit, listing: listing, selection: selection)
  }

  /// Asks for the sizes of blobs that are not known; these blobs.
  private func measure(
    _ listing: inout TreeListing, before: TreeListing?, _ conversation: inout Conversation
  ) async throws -> [ObjectID] {
    var fresh: [ObjectID] = []
    listing.blobs.reserveCapacity(listing.items.count)
    for item in listing.items.values where item.kind == .file && listing.blobs[item.id] == nil {
      if let known = before?.blobs[item.id] {
        listing.blobs[item.id] = known
      } else {
        listing.blobs[item.id] = .init(size: 0)
        fresh.append(item.id)
      }
    }
    for header in try await conversation.headers(of: fresh) {
      guard header.kind == "blob" else { throw GitFailure.broken("\(header.id) is no file") }
      listing.blobs[header.id] = .init(size: header.size)
    }
    return fresh
  }

  private func settings(
    _ listing: TreeListing, _ conversation: inout Conversation
  ) async throws -> Swift.Result<TreeSettings, Diagnostics> {
    guard let item = listing.items[TreeSettings.path] else { return .success(TreeSettings()) }
    guard item.kind == .file, let blob = listing.blobs[item.id],
      blob.size <= manifests.limits.fileBytes
    else {
      let fault = Self.fault(item, listing) ?? .tooLarge(manifests.limits.fileBytes)
      return .failure(Diagnostics([fault.diagnostic(TreeSettings.path)]))
    }
    let bytes = try await conversation.object(item.id, limit: blob.size).bytes
    return Swift.Result { () throws(Diagnostics) in
      try TreeSettings(bytes, limits: manifests.limits)
    }
  }

  private static func fault(
    _ item: TreeListing.Item, _ listing: TreeListing
  ) -> ManifestSelection.Fault? {
    switch item.kind {
    case .link: .link
    case .submodule: .submodule
    case .directory: .notRegular
    case .file: listing.blobs[item.id].map { .tooLarge($0.size) }
    }
  }

  /// A blob that has to be loaded.
  private struct Wanted {
    let path: String
    let id: ObjectID
    let size: Int
    let isOfValues: Bool
  }

  /// Takes manifests from the cache, and loads the others and the files of values.
  private func load(
    _ selection: inout ManifestSelection, _ listing: TreeListing,
    _ conversation: inout Conversation
  ) async throws {
    var missing: [Wanted] = []
    // In no order: the reader sorts what it gets, and what is missing is sorted below.
    for (path, item) in listing.items {
      let role = selection.role(of: path)
      guard role == .manifest || role == .values else { continue }
      guard let blob = listing.blobs[item.id] else {
        selection.refuse(path, Self.fault(item, listing) ?? .notRegular)
        continue
      }
      let digest = ContentDigest.gitBlob(item.id.description)
      if role == .values {
        if blob.size > manifests.limits.fileBytes {
          selection.refuse(path, .tooLarge(blob.size))
        } else {
          missing.append(Wanted(path: path, id: item.id, size: blob.size, isOfValues: true))
        }
      } else if let known = manifests.cache.file(at: path, digest: digest) {
        selection.files.append(known)
      } else if blob.size > manifests.limits.fileBytes {
        selection.files.append(ManifestFile(path: path, tooLarge: blob.size))
      } else {
        missing.append(Wanted(path: path, id: item.id, size: blob.size, isOfValues: false))
      }
    }
    missing.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    var bytes = 0
    // The first that is too much is loaded too, so that the reader says so at its place.
    let wanted = missing.prefix { file in
      defer { bytes += file.size }
      return bytes <= manifests.limits.treeBytes
    }
    let limit = manifests.limits.fileBytes
    let objects = try await conversation.objects(wanted.map(\.id), limit: limit)
    for (file, object) in zip(wanted, objects) {
      if file.isOfValues {
        selection.add(values: object.bytes, at: file.path, limits: manifests.limits)
        continue
      }
      selection.files.append(
        ManifestFile(
          path: file.path, digest: .gitBlob(file.id.description), bytes: object.bytes))
    }
  }

  /// Looks which of the fresh blobs stand for files that Git LFS keeps elsewhere.
  private func findPointers(
    _ fresh: [ObjectID], _ listing: inout TreeListing, _ conversation: inout Conversation
  ) async throws {
    let small = fresh.filter { LFSPointer.sizes.contains(listing.blobs[$0]?.size ?? 0) }
    for object in try await conversation.objects(small, limit: LFSPointer.sizes.upperBound)
    where object.bytes.starts(with: LFSPointer.mark) {
      listing.blobs[object.header.id]?.isPointer = true
    }
  }
}
