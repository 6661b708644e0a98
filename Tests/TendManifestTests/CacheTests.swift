import Tend
import Testing

@testable import TendManifest

@Suite("Reading a tree again")
struct CacheTests {
  private func file(_ path: String, _ text: String, _ digest: String) -> ManifestFile {
    ManifestFile(path: path, digest: .gitBlob(digest), bytes: Array(text.utf8))
  }

  @Test("an unchanged file gives the very same declarations, also without its text")
  func unchanged() throws {
    let reader = ManifestReader()
    let old = reader.read([file("a.yaml", manifest("a"), "1"), file("b.yaml", manifest("b"), "2")])
    let cached = try #require(reader.cache.file(at: "a.yaml", digest: .gitBlob("1")))
    let new = reader.read([cached, file("b.yaml", manifest("b", more: "# changed"), "3")])
    #expect(new.declarations.count == 2)
    #expect(new.declarations[0].isSame(as: old.declarations[0]))
    #expect(!new.declarations[1].isSame(as: old.declarations[1]))
    #expect(new.declarations[1].place.line == 1)
  }

  @Test("the same text under another path, or another text under one path, is read by itself")
  func keys() {
    let reader = ManifestReader()
    _ = reader.read([file("a.yaml", manifest("a"), "1")])
    #expect(reader.cache.file(at: "b.yaml", digest: .gitBlob("1")) == nil)
    #expect(reader.cache.file(at: "a.yaml", digest: .gitBlob("2")) == nil)
    #expect(reader.cache.file(at: "a.yaml", digest: .sha256("1")) == nil)
    #expect(reader.cache.file(at: "a.yaml", digest: .gitBlob("1")) != nil)
  }

  @Test("mistakes of an unchanged file are reported again")
  func mistakes() throws {
    let reader = ManifestReader()
    let first = reader.read([file("a.yaml", "foo: 1", "1")]).diagnostics
    let cached = try #require(reader.cache.file(at: "a.yaml", digest: .gitBlob("1")))
    #expect(reader.read([cached]).diagnostics == first)
    #expect(first.all.count == 1)
  }

  @Test("duplicate names are found between a cached and a new file")
  func duplicates() throws {
    let reader = ManifestReader()
    _ = reader.read([file("a.yaml", manifest("x"), "1")])
    let cached = try #require(reader.cache.file(at: "a.yaml", digest: .gitBlob("1")))
    let reading = reader.read([cached, file("b.yaml", manifest("x"), "2")])
    #expect(reading.diagnostics.all.map(\.code) == [.duplicateName])
  }

  @Test("the cache stays within its capacity; what was not used for longest goes first")
  func bounded() {
    let cache = ManifestCache(capacity: 10_000)
    let reader = ManifestReader(cache: cache)
    for number in 0..<100 {
      _ = reader.read([file("\(number).yaml", manifest("n\(number)"), "\(number)")])
      _ = cache.file(at: "0.yaml", digest: .gitBlob("0"))
      #expect(cache.size <= 10_000)
    }
    #expect(cache.file(at: "0.yaml", digest: .gitBlob("0")) != nil)
    #expect(cache.file(at: "1.yaml", digest: .gitBlob("1")) == nil)
    #expect(cache.file(at: "99.yaml", digest: .gitBlob("99")) != nil)
  }

  @Test("a file without a digest is read each time")
  func noDigest() {
    let reader = ManifestReader()
    _ = read([("a.yaml", manifest("a"))], reader)
    #expect(reader.cache.size == 0)
  }
}
