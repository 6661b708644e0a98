import Tend
import TendManifest
import Testing

/// The use that the documentation shows, to the letter.
struct DocumentedUseTests {
  @Test("manifests are read as the documentation shows")
  func reading() throws {
    let bytes = Array("apiVersion: a/v1\nkind: K\nmetadata: {name: n}\n".utf8)
    let reader = ManifestReader()
    let reading = reader.read([ManifestFile(path: "web/motd.yaml", bytes: bytes)])
    guard reading.diagnostics.isEmpty else { throw reading.diagnostics }
    #expect(reading.declarations.map(\.reference.name) == ["n"])
  }
}
