import Tend
import TendEngine
import TendGit
import TendManifest
import TestSupport
import Testing

@Suite("Values of a source")
struct ValuesTests {
  private static let tree = [
    "tend.yaml": "values: [common.yaml, \"hosts/${host.name}.yaml\"]\n",
    "common.yaml": "port: 80\n", "hosts/a.yaml": "port: 81\n", "hosts/b.yaml": "port: 82\n",
    "site.yaml": file("site", "\"${port}\""),
  ]

  private static func inputs(_ host: String, _ own: Value.Fields = [:]) -> ValueInputs {
    var inputs = ValueInputs(host: host)
    inputs.values = own
    return inputs
  }

  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder("values")
    for (path, text) in Self.tree { try folder.write(text, to: path) }
    return folder
  }

  private func source(_ folder: TemporaryFolder, _ inputs: ValueInputs) -> DirectorySource {
    var configuration = DirectoryConfiguration(path: folder.path)
    configuration.settle = .zero
    configuration.values = inputs
    return DirectorySource(configuration)
  }

  @Test("a directory gives each host its own, and none of them is a manifest")
  func directory() async throws {
    let folder = try folder()
    for (host, port) in [("a", 81), ("b", 82), ("c", 80)] as [(String, Value)] {
      let snapshot = try await source(folder, Self.inputs(host)).read()
      #expect(snapshot.names == ["site"])
      #expect(snapshot.values["port"] == port)
      #expect(snapshot.values["host.name"] == .string(host))
    }
    let everyHost = try await source(folder, ValueInputs()).readForEveryHost()
    #expect(everyHost.hosts.map(\.name) == ["a", "b"])
    #expect(everyHost.hosts.map { $0.values.values["port"] } == [81, 82])
  }

  @Test("values of the own host make a revision; those of another host none")
  func revisions() async throws {
    let folder = try folder()
    let source = source(folder, Self.inputs("a"))
    let before = try await source.read()
    try folder.write("port: 99\n", to: "hosts/b.yaml")
    guard case .unchanged = try await source.refresh(after: before.revision) else {
      Issue.record("another host's values made a revision")
      return
    }
    try folder.write("port: 98\n", to: "hosts/a.yaml")
    let after = try await source.read(after: before.revision)
    #expect(after.values["port"] == 98)
    #expect(after.revision.id != before.revision.id)
  }

  @Test("T14: a link as a file of values is refused, and nothing of where it leads is read")
  func link() async throws {
    let folder = try folder()
    let outside = try TemporaryFolder("outside")
    try outside.write("port: canary\n", to: "x.yaml")
    try await run("ln", ["-sf", outside.path("x.yaml"), folder.path("hosts/a.yaml")])
    guard
      case .invalid(let snapshot, let wrong) =
        try await source(folder, Self.inputs("a")).refresh(after: nil)
    else {
      Issue.record("the link was followed")
      return
    }
    #expect(snapshot.values["port"] == 80)
    #expect(wrong.all.map { $0.place?.file } == ["hosts/a.yaml"])
    #expect(!"\(wrong)".contains("canary"))
  }

  @Test("a commit gives each host its own; what the unit is given makes a revision of one commit")
  func git() async throws {
    let ground = try await Ground()
    let commit = try await ground.repository.commit(Self.tree)
    func source(_ inputs: ValueInputs?) throws -> GitSource {
      try ground.source { if let inputs { $0.values = inputs } }
    }
    let plain = try await source(nil).read()
    #expect(plain.revision.id == commit)
    let first = try await source(Self.inputs("a")).read(after: plain.revision)
    #expect(first.values["port"] == 81)
    #expect(first.revision.id.hasPrefix(commit + "+"))
    for name in [commit, "\(commit.prefix(10))"] { #expect(first.revision.isNamed(by: name)) }
    guard case .unchanged = try await source(Self.inputs("a")).refresh(after: first.revision) else {
      Issue.record("one commit for one host is two revisions")
      return
    }
    let second = try await source(Self.inputs("a", ["port": 7])).read(after: first.revision)
    #expect(second.values["port"] == 7)
    #expect(second.revision.id != first.revision.id)
    let again = try await source(Self.inputs("a", ["port": 7])).snapshot(of: second.revision)
    #expect(again.values["port"] == 7)
    await #expect(throws: SourceError.self) {
      try await source(Self.inputs("a")).snapshot(of: second.revision)
    }
    #expect(try await source(nil).read(after: second.revision).revision.id == commit)
  }
}
