import TendGit
import TestSupport
import Testing

@testable import TendAgent

@Suite("Where declarations came from")
struct OriginsTests {
  @Test("origins are kept unit by unit, for us alone")
  func keeping() throws {
    let folder = try TemporaryFolder()
    let state = StateDirectory(folder.path)
    try Origins([UnitConfiguration("web", origin: .directory("/srv/web"))]).save(in: state)
    let git = GitConfiguration(
      repository: "https://ada:secret@example.org/x.git", reference: .branch("release/1"),
      path: "hosts", mirrors: state.mirrors)
    try Origins([UnitConfiguration("hosts", origin: .git(git))]).save(in: state)
    #expect(mode(of: folder.path("origins.json")) == 0o600)

    let kept = Origins(in: state)
    guard case .directory("/srv/web") = kept.unit(named: "web", in: state)?.origin else {
      Issue.record("the directory was not kept")
      return
    }
    guard case .git(let read) = kept.unit(named: "hosts", in: state)?.origin else {
      Issue.record("the repository was not kept")
      return
    }
    #expect(read.repository == "https://ada@example.org/x.git")
    #expect(read.reference == .branch("release/1"))
    #expect(read.path == "hosts")
    #expect(kept.unit(named: "other", in: state) == nil)
  }

  @Test("what can't be read is as if nothing were kept")
  func damaged() throws {
    let folder = try TemporaryFolder()
    try folder.write("{", to: "origins.json")
    let state = StateDirectory(folder.path)
    #expect(Origins(in: state).unit(named: "web", in: state) == nil)
    try Origins([UnitConfiguration("web", origin: .directory("/srv/web"))]).save(in: state)
    #expect(Origins(in: state).unit(named: "web", in: state) != nil)
  }

  @Test(
    "passwords are left out of URLs",
    arguments: [
      ("https://ada:secret@example.org/x", "https://ada@example.org/x"),
      ("https://ada:se@cret@example.org/x", "https://ada@example.org/x"),
      ("https://ada@example.org:8443/x", "https://ada@example.org:8443/x"),
      ("https://example.org:8443/a:b@c", "https://example.org:8443/a:b@c"),
      ("git@example.org:x.git", "git@example.org:x.git"), ("/srv/x.git", "/srv/x.git"),
    ])
  func passwords(url: String, kept: String) {
    #expect(Origins.withoutPassword(url) == kept)
  }
}
