internal import TendEngine

/// What `cat-file` says of an object before its bytes.
struct ObjectHeader: Sendable, Hashable {
  let id: ObjectID
  let kind: String
  let size: Int
}

/// An object with its bytes.
struct GitObject: Sendable {
  let header: ObjectHeader
  let bytes: [UInt8]
}

/// `git cat-file --batch-command --buffer`: questions are gathered and answered at `flush`.
extension Conversation {
  /// How many questions go out before their answers are read: 50 KB, less than a socket takes.
  private static let batch = 1000

  /// Kinds and sizes, in the order of the ids.
  mutating func headers(of ids: [ObjectID]) async throws -> [ObjectHeader] {
    var headers: [ObjectHeader] = []
    headers.reserveCapacity(ids.count)
    for start in stride(from: 0, to: ids.count, by: Self.batch) {
      let batch = ids[start..<min(start + Self.batch, ids.count)]
      try await ask("info", batch)
      for id in batch { headers.append(try await header(of: id)) }
    }
    return headers
  }

  /// Whole objects, in the order of the ids.
  ///
  /// One above `limit` bytes ends the conversation before it is read.
  mutating func objects(_ ids: [ObjectID], limit: Int) async throws -> [GitObject] {
    var objects: [GitObject] = []
    objects.reserveCapacity(ids.count)
    for start in stride(from: 0, to: ids.count, by: Self.batch) {
      let batch = ids[start..<min(start + Self.batch, ids.count)]
      try await ask("contents", batch)
      for id in batch {
        let header = try await header(of: id)
        guard header.size <= limit else {
          throw SourceError(
            .limit, "the object \(id) has \(header.size) bytes; at most \(limit) are read",
            remedy: "make it smaller")
        }
        objects.append(GitObject(header: header, bytes: try await read(header.size)))
        try await skip(1)
      }
    }
    return objects
  }

  /// One whole object, as `objects(_:limit:)`.
  mutating func object(_ id: ObjectID, limit: Int) async throws -> GitObject {
    guard let object = try await objects([id], limit: limit).first else {
      throw GitFailure.broken("no answer for \(id)")
    }
    return object
  }

  private func ask(_ verb: String, _ ids: ArraySlice<ObjectID>) async throws {
    var text: [UInt8] = []
    text.reserveCapacity(ids.count * 50 + 6)
    for id in ids { text.append(contentsOf: "\(verb) \(id)\n".utf8) }
    text.append(contentsOf: "flush\n".utf8)
    try await ask(text)
  }

  /// `id kind size`, or `id missing`.
  private mutating func header(of id: ObjectID) async throws -> ObjectHeader {
    let line = try await readLine()
    let parts = line.split(separator: " ")
    guard parts.count == 3, ObjectID(hex: parts[0].utf8) == id, let size = Int(parts[2]), size >= 0
    else { throw GitFailure.broken("the object \(id) is not there: \(quoted(line))") }
    return ObjectHeader(id: id, kind: String(parts[1]), size: size)
  }
}
